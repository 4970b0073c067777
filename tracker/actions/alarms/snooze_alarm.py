"""Snooze an alarm for a while, with a reason; never one of high priority."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.alarms.acknowledge_alarm import open_alarm, tell
from tracker.errors import Conflict, Invalid, at_most
from tracker.records.alarm import Alarm
from tracker.records.pump import look_again

LONGEST: Final = {Priority.LOW: timedelta(days=30), Priority.MEDIUM: timedelta(days=3)}
"""The longest snooze by priority. Assumed."""


def snooze_alarm(session: Session, alarm_id: int, *, until: datetime, reason: str, by: str, now: datetime) -> Alarm:
    """Leave its line off the worklist until then. Raises `Conflict` for high priority, `Invalid` for the rest."""
    alarm = open_alarm(session, alarm_id)
    if alarm.priority >= Priority.HIGH:
        raise Conflict("an alarm of high priority can't be snoozed: somebody has to deal with it")
    longest = LONGEST[Priority(alarm.priority)]
    if not now < until <= now + longest:
        raise Invalid(f"a snooze ends within {longest.days} days from now", field="until")
    if not reason.strip():
        raise Invalid("say why it can wait", field="reason")
    at_most(500, reason.strip(), "reason")
    alarm.snoozed_until, alarm.snooze_reason = until, reason.strip()
    tell(session, alarm, "snoozed", by=by, now=now, reason=f"until {until:%Y-%m-%d %H:%M} UTC: {reason}")
    look_again(session, [alarm.pump_id], now)
    return alarm
