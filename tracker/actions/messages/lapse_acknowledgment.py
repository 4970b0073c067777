"""Take an acknowledgment back that nobody acted on: the alarm must be acknowledged again, and the task is released."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session

from devices.alarms import AlarmCode
from tracker.records.alarm import AlarmEvent, open_alarms
from tracker.records.column_types import key
from tracker.records.pump import look_again
from tracker.records.worklist import WorklistEvent, WorklistItem
from tracker.worklist.alarms import CAUSES

TRACKER: Final = "tracker"
WHY: Final = "nobody acted on it in time; it must be acknowledged again"


def lapse_acknowledgment(session: Session, item: WorklistItem, holder: str, now: datetime) -> None:
    """Release the task if that person has it, and let the alarms behind it count as not acknowledged."""
    if item.claimed_by == holder:
        item.claimed_by, item.claimed_at, item.changed_at = None, None, now
        session.add(item)
        session.add(WorklistEvent(item_id=key(item.id), at=now, kind="released", by=TRACKER, reason=WHY))
    if item.pump_id is None:
        return
    for alarm in open_alarms(session, [item.pump_id]).get(item.pump_id, []):
        if CAUSES[AlarmCode(alarm.code)] != item.kind or alarm.cleared_at is not None or alarm.acknowledged_at is None:
            continue
        alarm.acknowledged_at, alarm.acknowledged_by, alarm.escalated_at = None, None, None
        alarm.unheard_since = now
        session.add(alarm)
        session.add(AlarmEvent(alarm_id=key(alarm.id), at=now, kind="woken", by=TRACKER, reason=WHY))
    look_again(session, [item.pump_id], now)
    session.flush()
