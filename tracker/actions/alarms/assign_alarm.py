"""Assign an alarm to a colleague."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.alarms.acknowledge_alarm import open_alarm, tell
from tracker.actions.worklist.reassign_item import colleague_of
from tracker.records.alarm import Alarm
from tracker.records.pump import Pump
from tracker.worklist.areas import Area


def assign_alarm(session: Session, alarm_id: int, *, to: str, reason: str = "", by: str, now: datetime) -> Alarm:
    """Name who looks after the alarm. Raises `Invalid` for a person outside the clinic or of another kind of work."""
    alarm = open_alarm(session, alarm_id)
    person = colleague_of(session, to, session.get_one(Pump, alarm.pump_id).clinic_id, Area.CLINICAL)
    alarm.assignee = person.email
    tell(session, alarm, "assigned", by=by, now=now, reason=f"to {person.email}. {reason}".strip())
    return alarm
