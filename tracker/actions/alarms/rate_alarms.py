"""Store the priority that fits an open alarm now, where it was opened with another one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from sqlalchemy import bindparam, case, insert, update
from sqlmodel import Session

from devices.alarms import Priority
from tracker.findings.pump_snapshot import AlarmSeen
from tracker.records.alarm import Alarm, AlarmEvent

TRACKER: Final = "tracker"


def store_priorities(session: Session, alarms: Iterable[AlarmSeen], now: datetime) -> int:
    """Write what changed, with an event for each. A snooze ends where the alarm became high. Returns how many."""
    changed = [one for one in alarms if one.stored_priority is not None and one.stored_priority != one.priority]
    if not changed:
        return 0
    rows = [{"alarm": one.id, "fits": int(one.priority)} for one in sorted(changed, key=lambda one: one.id)]
    session.connection().execute(_RATE, rows)
    events = [
        {
            "alarm_id": one.id,
            "at": now,
            "kind": "rated",
            "by": TRACKER,
            "reason": f"{one.priority.name.lower()} now, was {Priority(one.stored_priority or 1).name.lower()}: "
            "by the drugs that may be in the pump and what was ordered",
        }
        for one in changed
    ]
    session.execute(insert(AlarmEvent), events)
    return len(changed)


_TABLE: Any = Alarm.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it
_RATE: Final = (
    update(_TABLE)
    .where(_TABLE.c.id == bindparam("alarm"), _TABLE.c.closed_at.is_(None))
    .values(
        priority=bindparam("fits"),
        snoozed_until=case((bindparam("fits") >= int(Priority.HIGH), None), else_=_TABLE.c.snoozed_until),
    )
)
