"""Acknowledge an alarm: a named person has looked at it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from devices.alarms import AlarmCode
from tracker.actions.messages.follow_items import acted_on, alarms_acknowledged
from tracker.errors import Conflict, NotFound
from tracker.records.alarm import Alarm, AlarmEvent
from tracker.records.column_types import EVENT_REASON, key
from tracker.records.notification import open_notifications
from tracker.records.pump import hold_states, look_again
from tracker.worklist.alarms import CAUSES


def acknowledge_alarm(session: Session, alarm_id: int, *, reason: str = "", by: str, now: datetime) -> Alarm:
    """Acknowledge it; one that is over closes with that. Raises `Conflict` where it was acknowledged or is closed."""
    alarm = open_alarm(session, alarm_id)
    if alarm.acknowledged_at is not None:
        raise Conflict(f"{alarm.acknowledged_by} acknowledged it on {alarm.acknowledged_at:%Y-%m-%d %H:%M} UTC")
    alarm.acknowledged_at, alarm.acknowledged_by = now, by
    tell(session, alarm, "acknowledged", by=by, now=now, reason=reason)
    if alarm.cleared_at is not None:
        alarm.closed_at = now
        tell(session, alarm, "closed", by=by, now=now, reason="it is over and somebody has looked")
    alarms_acknowledged(session, alarm.pump_id, CAUSES[AlarmCode(alarm.code)], by=by, now=now)
    if reason.strip():  # it says what was done
        acted_on(session, open_notifications(session, pump_id=alarm.pump_id), now)
    look_again(session, [alarm.pump_id], now)
    return alarm


def open_alarm(session: Session, alarm_id: int) -> Alarm:
    """The open alarm. Raises `NotFound`, or `Conflict` when it is closed."""
    found = session.get(Alarm, alarm_id)
    if found is None:
        raise NotFound("there is no such alarm")
    hold_states(session, [found.pump_id])
    alarm = session.get_one(Alarm, alarm_id, populate_existing=True, with_for_update=True)
    if alarm.closed_at is not None:
        raise Conflict(f"the alarm was closed on {alarm.closed_at:%Y-%m-%d %H:%M} UTC")
    return alarm


def tell(session: Session, alarm: Alarm, kind: str, *, by: str, now: datetime, reason: str = "") -> None:
    """Append the transition and keep the alarm as it is now."""
    session.add(alarm)
    told = reason.strip()[:EVENT_REASON]  # a sentence that came with a time or a name before it may be longer
    session.add(AlarmEvent(alarm_id=key(alarm.id), at=now, kind=kind, by=by, reason=told))
    session.flush()
