"""What each pump has used of its budgets. A pump that brings nothing but a few plain reports has no row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import sqlalchemy
from sqlalchemy import Connection, Index, delete, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from tracker.records.column_types import JsonColumn, UtcDateTime


class PumpBudget(SQLModel, table=True):
    """Used in one minute and one day (UTC) of each kind, and since when messages are not taken for it."""

    __tablename__ = "pump_budget"
    __table_args__ = (
        Index(
            "ix_pump_budget_held",
            "held_at",
            sqlite_where=text("held_at IS NOT NULL"),
            postgresql_where=text("held_at IS NOT NULL"),
        ),
    )

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    minute_at: datetime = Field(sa_type=UtcDateTime, description="the beginning of the minute")
    minute_used: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="messages, sessions, epochs, refused bytes"
    )
    day: date
    day_used: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="the same of the day, and refused kept whole"
    )
    over_since: datetime | None = Field(default=None, sa_type=UtcDateTime)
    held_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="the newest message not taken")
    held: int = Field(default=0, sa_type=sqlalchemy.BigInteger, description="messages not taken since then")
    over_of: str = Field(default="", max_length=80, description="the budget that they are over")


_AT_ONCE: Final = 5000
_TABLE: Final[Any] = PumpBudget.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it


def budgets_of(connection: Connection, pump_ids: Sequence[int]) -> dict[int, PumpBudget]:
    """The rows of those pumps that have one."""
    found: dict[int, PumpBudget] = {}
    for start in range(0, len(pump_ids), _AT_ONCE):
        chosen = sqlalchemy.select(_TABLE).where(_TABLE.c.pump_id.in_(pump_ids[start : start + _AT_ONCE]))
        found.update({row.pump_id: PumpBudget(**row._mapping) for row in connection.execute(chosen)})  # noqa: SLF001 - SQLAlchemy's public name
    return found


def near_limit(connection: Connection, day: date, messages: int) -> set[int]:
    """The pumps that have used more than so many messages on that day."""
    rows = connection.execute(sqlalchemy.select(_TABLE.c.pump_id, _TABLE.c.day_used).where(_TABLE.c.day == day))
    return {pump_id for pump_id, used in rows if used[0] > messages}


def keep_budgets(connection: Connection, rows: Sequence[PumpBudget]) -> None:
    """Write the rows in place of what was there, in the order of their pumps."""
    if not rows:
        return
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(_TABLE)
    others = {name: insert.excluded[name] for name in _TABLE.c.keys() if name != "pump_id"}  # noqa: SIM118 - a collection of columns
    statement = insert.on_conflict_do_update(index_elements=["pump_id"], set_=others)
    connection.execute(statement, [row.model_dump() for row in sorted(rows, key=lambda one: one.pump_id)])


def over_budget_pumps(session: Session) -> dict[int, PumpBudget]:
    """Every pump of which a message was not taken of late; few at any time."""
    chosen = sqlalchemy.select(PumpBudget).where(col(PumpBudget.held_at).is_not(None))
    return {row.pump_id: row for row in session.execute(chosen).scalars()}


def drop_budgets(session: Session, day: date) -> int:
    """Drop the rows of days before that one: nothing counts on from them. Returns how many."""
    return session.connection().execute(_DROP, {"before": day}).rowcount


_DROP: Final = delete(_TABLE).where(_TABLE.c.day < sqlalchemy.bindparam("before"))
