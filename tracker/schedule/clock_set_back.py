"""After the clock was set back: times that were stored as later than now become now.

Otherwise a pump with a contact "in an hour" would not count as silent for that hour, an alarm opened then would not
be escalated, and open pages would not show what changes. What devices measured stays under the devices' own times.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import case, literal, or_, update
from sqlmodel import SQLModel, col

from tracker.actions.pumps.evaluate_pumps import DAILY
from tracker.records.alarm import Alarm
from tracker.records.column_types import UtcDateTime
from tracker.records.database import Database
from tracker.records.pump import PumpState
from tracker.records.worklist import WorklistItem

HEARD: Final = ("last_contact_at", "received_at", "online_at", "link_since", "changed_at")
OPENED: Final = ("opened_at", "unheard_since")


def forget_the_future(database: Database, now: datetime) -> int:
    """Bring contacts and alarms that lie ahead to now, and evaluations due in more than a day. Returns how many."""
    late = now + DAILY
    with database.writing() as session:
        moved = [
            session.connection().execute(statement)
            for statement in (
                _brought_to(PumpState, HEARD, now),
                update(PumpState).where(col(PumpState.evaluate_at) > late).values(evaluate_at=now),
                _brought_to(WorklistItem, ("changed_at",), now),
                _brought_to(Alarm, OPENED, now).where(col(Alarm.closed_at).is_(None)),
            )
        ]
    return sum(one.rowcount for one in moved)


def _brought_to(table: type[SQLModel], names: tuple[str, ...], now: datetime) -> Any:
    moment = literal(now, UtcDateTime)
    columns = {name: col(getattr(table, name)) for name in names}
    brought = {name: case((column > moment, moment), else_=column) for name, column in columns.items()}
    return update(table).where(or_(*(column > moment for column in columns.values()))).values(**brought)
