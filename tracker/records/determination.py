"""Determinations, appended and never changed, and the facts that people document for them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import Index, func
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import JsonColumn, UtcDateTime


class Determination(SQLModel, table=True):
    """One evaluation of a guideline's replacement criteria for a pump, with all that it rests on."""

    __tablename__ = "determination"
    __table_args__ = (Index("ix_determination_pump", "pump_id", "determined_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    determined_at: datetime = Field(sa_type=UtcDateTime)
    as_of: datetime = Field(sa_type=UtcDateTime, description="only what was received by then was used")
    cause: str = Field(max_length=40, description="telemetry, date, staff, as_of")
    guideline: str = Field(max_length=32)
    version: str = Field(max_length=32)
    question: str = Field(max_length=32)
    outcome: str = Field(max_length=48)
    readings: dict[str, Any] = Field(sa_type=JsonColumn, description="alternatives and joint, each an outcome")
    criteria: list[Any] = Field(sa_type=JsonColumn, description="id, section, verdict, because")
    missing: list[Any] = Field(sa_type=JsonColumn)
    notes: list[Any] = Field(sa_type=JsonColumn)
    facts: list[Any] = Field(sa_type=JsonColumn, description="name, value, because, source (kind, id, text, at)")


class LastJudged(NamedTuple):
    """The part of a pump's newest determination that the next one is held against."""

    pump_id: int
    version: str
    outcome: str
    criteria: list[Any]
    missing: list[Any]
    facts: list[Any]
    determined_at: datetime


class DocumentedFact(SQLModel, table=True):
    """A fact about a pump that a named person entered with its document; withdrawn, never deleted."""

    __tablename__ = "documented_fact"
    __table_args__ = (Index("ix_documented_fact_pump", "pump_id", "fact", "entered_at"),)

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    fact: str = Field(max_length=64)
    value: bool
    author: str = Field(max_length=254)
    document: str = Field(max_length=500, description="where it is written: letter, operation note, page")
    entered_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str | None = Field(default=None, max_length=254)
    withdrawn_reason: str | None = Field(default=None, max_length=1000)


AS_OF = "as_of"


def newest_determinations(session: Session, pump_ids: Sequence[int]) -> dict[int, Determination]:
    """Each pump's newest determination of the present; answers about the past are left aside."""
    return {row.pump_id: row for row in session.exec(_NEWEST, params={"pumps": list(pump_ids)})}


def last_judged(session: Session, pump_ids: Sequence[int]) -> dict[int, LastJudged]:
    """The same, as far as the next one is held against it: quick to read for very many pumps."""
    return {row[0]: LastJudged._make(row) for row in session.execute(_LAST_JUDGED, {"pumps": list(pump_ids)})}


# Asked at every evaluation, so the statements are made once.
_NEWEST_IDS: Final = (
    select(func.max(Determination.id))
    .where(
        col(Determination.pump_id).in_(sqlalchemy.bindparam("pumps", expanding=True)),
        Determination.cause != AS_OF,
    )
    .group_by(col(Determination.pump_id))
)
_NEWEST: Final[Any] = select(Determination).where(col(Determination.id).in_(_NEWEST_IDS))
_LAST_JUDGED: Final = sqlalchemy.select(*(col(getattr(Determination, name)) for name in LastJudged._fields)).where(
    col(Determination.id).in_(_NEWEST_IDS)
)


def determinations_of(session: Session, pump_id: int, limit: int, before_id: int | None = None) -> list[Determination]:
    """A page of a pump's determinations, newest first."""
    chosen = select(Determination).where(Determination.pump_id == pump_id)
    if before_id is not None:
        chosen = chosen.where(col(Determination.id) < before_id)
    return list(session.exec(chosen.order_by(col(Determination.id).desc()).limit(limit)))


def determination_of_the_present(session: Session, pump_id: int, before_id: int | None = None) -> Determination | None:
    """The pump's newest determination that does not answer about the past; of those before that one, if it is named."""
    chosen = select(Determination).where(Determination.pump_id == pump_id, Determination.cause != AS_OF)
    if before_id is not None:
        chosen = chosen.where(col(Determination.id) < before_id)
    return session.exec(chosen.order_by(col(Determination.id).desc()).limit(1)).first()


def documented_facts(
    session: Session, pump_ids: Sequence[int], as_of: datetime | None = None
) -> dict[int, list[DocumentedFact]]:
    """Each pump's documented facts that stood at that moment (now when None), oldest first."""
    if not pump_ids:
        return {}
    chosen = select(DocumentedFact).where(col(DocumentedFact.pump_id).in_(pump_ids))
    if as_of is None:
        chosen = chosen.where(col(DocumentedFact.withdrawn_at).is_(None))
    else:
        chosen = chosen.where(
            col(DocumentedFact.entered_at) <= as_of,
            col(DocumentedFact.withdrawn_at).is_(None) | (col(DocumentedFact.withdrawn_at) > as_of),
        )
    found: dict[int, list[DocumentedFact]] = {}
    for fact in session.exec(chosen.order_by(col(DocumentedFact.entered_at), col(DocumentedFact.id))):
        found.setdefault(fact.pump_id, []).append(fact)
    return found
