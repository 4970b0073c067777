"""Signs that more than one device uses a communicator's login. Few pumps ever have a row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

import sqlalchemy
from sqlalchemy import Connection, delete
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col

from tracker.records.column_types import JsonColumn, UtcDateTime


class SharedSignInRecord(SQLModel, table=True):
    """The signs of the last hour, and since when they are enough for a suspicion."""

    __tablename__ = "shared_sign_in"

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    recent: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="[seconds since 1970, kind, how many], ascending"
    )
    recent_at: datetime = Field(sa_type=UtcDateTime, description="the newest sign of any kind")
    since: datetime | None = Field(default=None, sa_type=UtcDateTime, description="empty: never enough of them")
    newest: datetime | None = Field(default=None, sa_type=UtcDateTime, description="the newest that was enough")
    signs: str = Field(default="", max_length=80, description="kinds that were enough, joined by commas")


_TABLE: Final[Any] = SharedSignInRecord.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it


def signs_of(connection: Connection, pump_ids: Sequence[int]) -> dict[int, SharedSignInRecord]:
    """The rows of those pumps that have one."""
    rows = connection.execute(sqlalchemy.select(_TABLE).where(_TABLE.c.pump_id.in_(pump_ids)))
    return {row.pump_id: SharedSignInRecord(**row._mapping) for row in rows}  # noqa: SLF001 - SQLAlchemy's public name


def keep_signs(connection: Connection, rows: Sequence[SharedSignInRecord]) -> None:
    """Write the rows in place of what was there, in the order of their pumps."""
    dialect = sqlite if connection.dialect.name == "sqlite" else postgresql
    insert = dialect.insert(_TABLE)
    others = {name: insert.excluded[name] for name in _TABLE.c.keys() if name != "pump_id"}  # noqa: SIM118 - a collection of columns
    statement = insert.on_conflict_do_update(index_elements=["pump_id"], set_=others)
    connection.execute(statement, [row.model_dump() for row in sorted(rows, key=lambda one: one.pump_id)])


def suspected_sign_ins(session: Session) -> dict[int, SharedSignInRecord]:
    """Every pump whose login two devices may use, or used of late; few at any time."""
    chosen = sqlalchemy.select(SharedSignInRecord).where(col(SharedSignInRecord.newest).is_not(None))
    return {row.pump_id: row for row in session.execute(chosen).scalars()}


def drop_signs(session: Session, before: datetime) -> int:
    """Drop the rows whose newest sign is older than that. Returns how many."""
    return session.connection().execute(_DROP, {"before": before}).rowcount


_DROP: Final = delete(_TABLE).where(_TABLE.c.recent_at < sqlalchemy.bindparam("before"))
