"""Escalate alarms that nobody acknowledges in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.alarms.acknowledge_alarm import tell
from tracker.records.alarm import Alarm, unacknowledged_since
from tracker.records.pump import hold_states, look_again

TRACKER: Final = "tracker"
ANSWER_WITHIN: Final = {
    Priority.HIGH: timedelta(hours=1),
    Priority.MEDIUM: timedelta(days=2),
    Priority.LOW: timedelta(days=14),
}
"""How soon somebody has to acknowledge, by priority. Assumed."""
AT_ONCE: Final = 500


def alarms_unanswered(session: Session, now: datetime) -> bool:
    """Whether any alarm has waited too long; reads only."""
    return any(unacknowledged_since(session, priority, now - within, 1) for priority, within in ANSWER_WITHIN.items())


def escalate_alarms(session: Session, now: datetime) -> int:
    """Escalate each alarm once, a few hundred at a time; one below high rises by one priority. Returns how many."""
    held = {alarm.pump_id for _, alarm in _waiting(session, now)}
    hold_states(session, sorted(held))
    session.expire_all()  # what was acknowledged while that was waited for has been heard
    waiting = [(priority, alarm) for priority, alarm in _waiting(session, now) if alarm.pump_id in held]
    for priority, alarm in waiting:
        alarm.escalated_at = now
        if priority < Priority.HIGH:
            alarm.priority = int(priority) + 1
        reason = f"nobody acknowledged it within {ANSWER_WITHIN[priority]}"
        tell(session, alarm, "escalated", by=TRACKER, now=now, reason=reason)
    look_again(session, [alarm.pump_id for _, alarm in waiting], now)
    return len(waiting)


def _waiting(session: Session, now: datetime) -> list[tuple[Priority, Alarm]]:
    """The alarms to escalate, the most urgent first."""
    found = [
        (priority, alarm)
        for priority, within in ANSWER_WITHIN.items()
        for alarm in unacknowledged_since(session, priority, now - within, AT_ONCE)
    ]
    return found[:AT_ONCE]
