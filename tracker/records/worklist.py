"""The worklist: one line per cause that needs a person, and what became of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import Index, text
from sqlmodel import Field, Session, SQLModel, col, select
from sqlmodel.sql.expression import SelectOfScalar

from tracker.records.column_types import EVENT_REASON, UtcDateTime, key

OUTAGE = "clinic:outage"
"""The cause of a clinic's one line when most of its pumps are silent at once."""


class WorklistItem(SQLModel, table=True):
    """One thing that needs a person: what, why, since when, what to do next. Open until done or its cause is gone."""

    __tablename__ = "worklist_item"
    __table_args__ = (
        Index(
            "uq_worklist_open",
            "clinic_id",
            "key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_worklist_order",
            "clinic_id",
            "priority",
            "harm_at",
            "id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_worklist_tally",
            "clinic_id",
            "kind",
            "priority",
            "snoozed_until",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_worklist_closed",
            "clinic_id",
            "closed_at",
            sqlite_where=text("closed_at IS NOT NULL"),
            postgresql_where=text("closed_at IS NOT NULL"),
        ),
        Index("ix_worklist_pump", "pump_id", "closed_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    pump_id: int | None = Field(default=None, foreign_key="pump.id", description="empty where it concerns the clinic")
    kind: str = Field(max_length=40)
    key: str = Field(max_length=200, description="the cause; one open line per clinic and key")
    priority: int = Field(description="1 low, 2 medium, 3 high")
    harm_at: datetime = Field(sa_type=UtcDateTime, description="when harm is to be expected; the list is ordered by it")
    what: str = Field(max_length=300)
    why: str = Field(max_length=2000)
    next_step: str = Field(max_length=1000)
    link: str = Field(default="", max_length=300, description="the page where the next step is done")
    holds: str = Field(default="", max_length=500, description="why nobody can close it now; empty where a person may")
    since: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    claimed_by: str | None = Field(default=None, max_length=254)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = Field(default=None, max_length=254)
    closed_reason: str | None = Field(default=None, max_length=1000)


class DoneItem(NamedTuple):
    """A line that a person closed, as far as it keeps its cause from coming back at once."""

    pump_id: int
    key: str
    priority: int
    closed_at: datetime | None
    clinic_id: int


class WorklistEvent(SQLModel, table=True):
    """What happened to a task, appended: opened, changed, claimed, handed over, released, noted, done, cause gone."""

    __tablename__ = "worklist_event"

    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="worklist_item.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str = Field(max_length=24)
    by: str = Field(max_length=254)
    reason: str = Field(default="", max_length=EVENT_REASON)


def open_items_of_pumps(session: Session, pump_ids: Sequence[int]) -> list[WorklistItem]:
    """The open lines of those pumps."""
    return list(session.exec(_OPEN_OF_PUMPS, params={"pumps": list(pump_ids)}))


def done_items_of_pumps(session: Session, pump_ids: Sequence[int], since: datetime, *, but_by: str) -> list[DoneItem]:
    """Lines of those pumps that were closed since then by anyone ``but_by`` that one, oldest first."""
    given = {"pumps": list(pump_ids), "since": since, "but_by": but_by}
    return [DoneItem._make(row) for row in session.execute(_DONE_OF_PUMPS, given)]


def open_item(session: Session, clinic_id: int, cause: str) -> WorklistItem | None:
    """The open line of that cause, or None."""
    return session.exec(
        select(WorklistItem).where(
            WorklistItem.clinic_id == clinic_id, WorklistItem.key == cause, col(WorklistItem.closed_at).is_(None)
        )
    ).first()


def open_items_of_clinic(session: Session, clinic_id: int, causes: str) -> list[WorklistItem]:
    """The clinic's own open lines whose causes begin so."""
    return list(session.exec(_of_clinic(causes), params={"clinic": clinic_id}))


@cache  # a job asks every minute, and always for the same causes
def _of_clinic(causes: str) -> SelectOfScalar[WorklistItem]:
    return (
        select(WorklistItem)
        .where(
            col(WorklistItem.clinic_id) == sqlalchemy.bindparam("clinic"),
            col(WorklistItem.pump_id).is_(None),
            col(WorklistItem.key).startswith(causes, autoescape=True),
            col(WorklistItem.closed_at).is_(None),
        )
        .order_by(col(WorklistItem.id))
    )


def worklist_page(
    session: Session,
    clinic_id: int,
    now: datetime,
    limit: int,
    after: tuple[int, datetime, int] | None = None,
    *,
    claimed_by: str | None = None,
    kind: str | None = None,
) -> list[WorklistItem]:
    """A page of a clinic's open lines, most urgent first; ``after`` is the last one's priority, harm and id.

    A snoozed line is left out until its time has come.
    """
    chosen = select(WorklistItem).where(
        WorklistItem.clinic_id == clinic_id,
        col(WorklistItem.closed_at).is_(None),
        col(WorklistItem.snoozed_until).is_(None) | (col(WorklistItem.snoozed_until) <= now),
    )
    if claimed_by is not None:
        chosen = chosen.where(WorklistItem.claimed_by == claimed_by)
    if kind is not None:
        chosen = chosen.where(WorklistItem.kind == kind)
    if after is not None:
        priority, harm_at, item_id = after
        same = col(WorklistItem.priority) == priority
        later = (col(WorklistItem.harm_at) > harm_at) | (
            (col(WorklistItem.harm_at) == harm_at) & (col(WorklistItem.id) > item_id)
        )
        chosen = chosen.where((col(WorklistItem.priority) < priority) | (same & later))
    order = (col(WorklistItem.priority).desc(), col(WorklistItem.harm_at), col(WorklistItem.id))
    return list(session.exec(chosen.order_by(*order).limit(limit)))


def items_by_id(session: Session, item_ids: Sequence[int]) -> dict[int, WorklistItem]:
    """Those tasks, open or closed, as the database has them."""
    return {key(row.id): row for row in session.exec(_BY_ID, params={"items": item_ids})} if item_ids else {}


def worklist_events(session: Session, item_id: int) -> list[WorklistEvent]:
    """What happened to a line, oldest first."""
    return list(
        session.exec(select(WorklistEvent).where(WorklistEvent.item_id == item_id).order_by(col(WorklistEvent.id)))
    )


def clinics_with(session: Session, cause: str) -> set[int]:
    """The clinics that have an open line of that cause."""
    return set(session.execute(_CLINICS_WITH, {"cause": cause}).scalars())


# Asked at every evaluation, so each of these statements is made once.
_IDS: Final[Any] = sqlalchemy.bindparam("pumps", expanding=True)
_ITEMS: Final[Any] = sqlalchemy.bindparam("items", expanding=True)
_BY_ID: Final = select(WorklistItem).where(col(WorklistItem.id).in_(_ITEMS))
_OPEN_OF_PUMPS: Final = select(WorklistItem).where(
    col(WorklistItem.pump_id).in_(_IDS), col(WorklistItem.closed_at).is_(None)
)
_DONE_OF_PUMPS: Final = (
    sqlalchemy.select(*(col(getattr(WorklistItem, name)) for name in DoneItem._fields))
    .where(
        col(WorklistItem.pump_id).in_(_IDS),
        col(WorklistItem.closed_at) >= sqlalchemy.bindparam("since"),
        col(WorklistItem.closed_by).is_distinct_from(sqlalchemy.bindparam("but_by")),
    )
    .order_by(col(WorklistItem.closed_at))
)
_CLINICS_WITH: Final = sqlalchemy.select(col(WorklistItem.clinic_id)).where(
    col(WorklistItem.key) == sqlalchemy.bindparam("cause"), col(WorklistItem.closed_at).is_(None)
)
