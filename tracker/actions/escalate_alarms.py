"""Escalate alarms that nobody acknowledges in time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.acknowledge_alarm import tell
from tracker.records.alarm import unacknowledged_since
from tracker.records.pump import look_again

TRACKER: Final = "tracker"
ANSWER_WITHIN: Final = {
    Priority.HIGH: timedelta(hours=1),
    Priority.MEDIUM: timedelta(days=2),
    Priority.LOW: timedelta(days=14),
}
"""How soon somebody has to acknowledge, by priority. Assumed."""
AT_ONCE: Final = 500


def escalate_alarms(session: Session, now: datetime) -> int:
    """Escalate each alarm once, a few hundred at a time; one below high rises by one priority. Returns how many."""
    touched: list[int] = []
    for priority, within in ANSWER_WITHIN.items():
        for alarm in unacknowledged_since(session, priority, now - within, AT_ONCE - len(touched)):
            alarm.escalated_at = now
            waited = f"nobody acknowledged it within {within}"
            if priority < Priority.HIGH:
                alarm.priority = int(priority) + 1
            tell(session, alarm, "escalated", by=TRACKER, now=now, reason=waited)
            touched.append(alarm.pump_id)
    look_again(session, touched, now)
    return len(touched)
