"""End snoozes whose time has come: the alarm is active again, and unacknowledged if it was snoozed for long."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from tracker.actions.alarms.acknowledge_alarm import tell
from tracker.records.alarm import Alarm, snoozes_over
from tracker.records.pump import hold_states, look_again

TRACKER: Final = "tracker"
LONG: Final = timedelta(hours=24)
AT_ONCE: Final = 500


def end_snoozes(session: Session, now: datetime) -> int:
    """Wake those that are due, a few hundred at the most; returns how many."""
    held = {alarm.pump_id for alarm in snoozes_over(session, now, AT_ONCE)}
    hold_states(session, sorted(held))
    session.expire_all()
    due = [alarm for alarm in snoozes_over(session, now, AT_ONCE) if alarm.pump_id in held]
    for alarm in due:
        wake(session, alarm, now, "the snooze has ended")
    look_again(session, [alarm.pump_id for alarm in due], now)
    return len(due)


def wake(session: Session, alarm: Alarm, now: datetime, why: str) -> None:
    """Wake one. An acknowledgment that is a day old by then was of another situation and no longer counts.

    The time to answer begins again: what was acknowledged before is not held against anybody.
    """
    alarm.snoozed_until, alarm.snooze_reason = None, None
    if alarm.cleared_at is None and alarm.acknowledged_at is not None and now - alarm.acknowledged_at >= LONG:
        alarm.acknowledged_at, alarm.acknowledged_by, alarm.escalated_at = None, None, None
        alarm.unheard_since = now
        why = f"{why}; it is still active and must be acknowledged again"
    tell(session, alarm, "woken", by=TRACKER, now=now, reason=why)
