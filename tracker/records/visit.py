"""Visits: refill, analysis and reprogramming events with their codes; amended, never overwritten."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import Index, func
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import JsonColumn, UtcDateTime
from tracker.records.pump import Pump


class Visit(SQLModel, table=True):
    """What was done to a pump at one time, and how it is coded. A draft comes from a programmer session."""

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_pump", "pump_id", "performed_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    performed_at: datetime = Field(sa_type=UtcDateTime)
    status: str = Field(default="confirmed", max_length=16, description="draft, confirmed, withdrawn")
    source: str = Field(default="staff", max_length=16, description="staff, session")
    analysed: bool = False
    reprogrammed: bool = False
    refilled: bool = False
    professional_skill: bool = Field(
        default=False, description="a physician's or other qualified professional's skill was required"
    )
    expected_ml: float | None = None
    aspirated_ml: float | None = None
    filled_ml: float | None = None
    prescription_before: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    prescription_after: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    alarm_audible: bool | None = Field(
        default=None, description="the patient heard the alarm test; None where it was not done"
    )
    codes: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    listed_in_guideline: bool = True
    conflicts: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    because: str = Field(default="", max_length=2000)
    operator: str | None = Field(default=None, max_length=254, description="who did it, as told")
    note: str = Field(default="", max_length=4000)
    logged_by: str = Field(max_length=254)
    logged_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = Field(default=None, max_length=254)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fill: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn, description="product, lot, waste, witness …")
    credential: str | None = Field(default=None, max_length=16, description="of who did it: rn, np, pa, md …")
    answers: list[Any] | None = Field(default=None, sa_type=JsonColumn, description="warnings and the words to each")


class VisitDone(NamedTuple):
    """What was done at a visit, as it is evaluated: quick to read for very many pumps."""

    id: int
    pump_id: int
    performed_at: datetime
    status: str
    source: str
    logged_at: datetime
    analysed: bool
    reprogrammed: bool
    refilled: bool
    expected_ml: float | None
    aspirated_ml: float | None
    filled_ml: float | None
    prescription_before: dict[str, Any] | None
    prescription_after: dict[str, Any] | None
    codes: list[Any]


class Setting(NamedTuple):
    """What a confirmed visit set the pump to: quick to read for very many pumps."""

    id: int
    pump_id: int
    performed_at: datetime
    analysed: bool
    reprogrammed: bool
    prescription_after: dict[str, Any] | None


class VisitAmendment(SQLModel, table=True):
    """What a visit said before somebody amended it, appended with who, when and why."""

    __tablename__ = "visit_amendment"

    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=254)
    reason: str = Field(max_length=1000)
    before: dict[str, Any] = Field(sa_type=JsonColumn)


def visit_by_id(session: Session, visit_id: int) -> Visit | None:
    """That visit, or None."""
    return session.get(Visit, visit_id)


def visits_between(session: Session, pump_id: int, start: datetime, end: datetime) -> list[Visit]:
    """A pump's visits performed from ``start`` to before ``end`` that were not withdrawn, in the order of logging."""
    return list(
        session.exec(
            select(Visit)
            .where(
                Visit.pump_id == pump_id,
                col(Visit.performed_at) >= start,
                col(Visit.performed_at) < end,
                Visit.status != "withdrawn",
            )
            .order_by(col(Visit.id))
        )
    )


def visits_of(
    session: Session,
    pump_id: int,
    limit: int,
    before: tuple[datetime, int] | None = None,
    *,
    logged_by: datetime | None = None,
) -> list[Visit]:
    """A page of a pump's visits, newest first, withdrawn ones too; ``before`` is the last one's time and id.

    ``logged_by``: only those that were logged by then.
    """
    chosen = select(Visit).where(Visit.pump_id == pump_id)
    if logged_by is not None:
        chosen = chosen.where(col(Visit.logged_at) <= logged_by)
    if before is not None:
        at, visit_id = before
        chosen = chosen.where(
            (col(Visit.performed_at) < at) | ((col(Visit.performed_at) == at) & (col(Visit.id) < visit_id))
        )
    return list(session.exec(chosen.order_by(col(Visit.performed_at).desc(), col(Visit.id).desc()).limit(limit)))


def visits_of_pumps(session: Session, pump_ids: Sequence[int], since: datetime) -> dict[int, list[VisitDone]]:
    """Each pump's visits since then that were not withdrawn, and all its drafts, oldest first."""
    if not pump_ids:
        return {}
    found: dict[int, list[VisitDone]] = {}
    rows = session.execute(
        sqlalchemy.select(*(col(getattr(Visit, name)) for name in VisitDone._fields))
        .where(
            col(Visit.pump_id).in_(pump_ids),
            (col(Visit.performed_at) >= since) | (Visit.status == "draft"),
            col(Visit.status) != "withdrawn",
        )
        .order_by(col(Visit.performed_at), col(Visit.id))
    )
    for row in rows:
        found.setdefault(row[1], []).append(VisitDone._make(row))
    return found


def amendments(session: Session, visit_id: int) -> list[VisitAmendment]:
    """What a visit said before each amendment, oldest first."""
    chosen = select(VisitAmendment).where(VisitAmendment.visit_id == visit_id)
    return list(session.exec(chosen.order_by(col(VisitAmendment.id))))


def newest_prescribing(session: Session, pump_id: int) -> Visit | None:
    """The pump's newest confirmed visit that says what was prescribed."""
    rows = session.exec(
        select(Visit)
        .where(Visit.pump_id == pump_id, Visit.status == "confirmed", col(Visit.prescription_after).is_not(None))
        .order_by(col(Visit.performed_at).desc(), col(Visit.id).desc())
        .limit(50)
    )
    return next((visit for visit in rows if visit.prescription_after), None)


def newest_settings(session: Session, pump_ids: Sequence[int]) -> dict[int, list[Setting]]:
    """Of each pump its newest confirmed visit that prescribed, and the newest at which it was read or programmed."""
    if not pump_ids:
        return {}
    found: dict[int, list[Setting]] = {}
    columns = (col(getattr(Visit, name)) for name in Setting._fields)
    ids = [newest.where(col(Pump.id).in_(pump_ids)) for newest in (_NEWEST_SETTING, _NEWEST_READ)]
    rows = session.execute(sqlalchemy.select(*columns).where(col(Visit.id).in_(sqlalchemy.union_all(*ids))))
    for row in rows:
        found.setdefault(row[1], []).append(Setting._make(row))
    return found


def analyses_since(session: Session, pump_id: int, since: datetime) -> list[Visit]:
    """The pump's confirmed visits since then at which it was analysed, oldest first."""
    chosen = select(Visit).where(
        Visit.pump_id == pump_id,
        Visit.status == "confirmed",
        col(Visit.analysed).is_(True),
        col(Visit.performed_at) >= since,
    )
    return list(session.exec(chosen.order_by(col(Visit.performed_at), col(Visit.id))))


def drafts_of_pumps(session: Session, pump_ids: Sequence[int]) -> dict[int, list[Visit]]:
    """Each pump's visits that a session drafted and nobody has confirmed, oldest first."""
    if not pump_ids:
        return {}
    found: dict[int, list[Visit]] = {}
    chosen = select(Visit).where(col(Visit.pump_id).in_(pump_ids), Visit.status == "draft")
    for visit in session.exec(chosen.order_by(col(Visit.performed_at), col(Visit.id))):
        found.setdefault(visit.pump_id, []).append(visit)
    return found


class RefillDone(NamedTuple):
    """One refill on record, as forecasts count with it."""

    id: int
    performed_at: datetime
    filled_ml: float | None
    expected_ml: float | None
    aspirated_ml: float | None


REFILLS_BACK: Final = 6
"""So many refills of a pump, the last ones, tell what it holds and how much it truly delivers."""


def last_refills(
    session: Session, pump_ids: Sequence[int], as_of: datetime | None = None
) -> dict[int, list[RefillDone]]:
    """The last refills of each of those pumps on record (by then), oldest first; draft ones count."""
    if not pump_ids:
        return {}
    refilled = (col(Visit.pump_id).in_(pump_ids), col(Visit.refilled).is_(True), col(Visit.status) != "withdrawn")
    chosen = sqlalchemy.select(
        col(Visit.pump_id),
        *(col(getattr(Visit, name)) for name in RefillDone._fields),
        func.row_number()
        .over(partition_by=col(Visit.pump_id), order_by=(col(Visit.performed_at).desc(), col(Visit.id).desc()))
        .label("newest"),
    ).where(*refilled)
    if as_of is not None:
        chosen = chosen.where(col(Visit.logged_at) <= as_of)
    ranked = chosen.subquery()
    rows = session.execute(
        sqlalchemy.select(*(ranked.c[name] for name in ("pump_id", *RefillDone._fields)))
        .where(ranked.c.newest <= REFILLS_BACK)
        .order_by(ranked.c.pump_id, ranked.c.performed_at, ranked.c.id)
    )
    found: dict[int, list[RefillDone]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(RefillDone._make(row[1:]))
    return found


def _newest_confirmed(*which: Any) -> Any:
    """The id of each pump's newest confirmed visit of that sort: one step into the index for each pump."""
    newest = (
        sqlalchemy.select(col(Visit.id))
        .where(col(Visit.pump_id) == col(Pump.id), col(Visit.status) == "confirmed", *which)
        .order_by(col(Visit.performed_at).desc(), col(Visit.id).desc())
        .limit(1)
    )
    return sqlalchemy.select(newest.correlate(Pump).scalar_subquery()).select_from(Pump)


_NEWEST_SETTING: Final = _newest_confirmed(col(Visit.prescription_after).is_not(None))
_NEWEST_READ: Final = _newest_confirmed(col(Visit.analysed).is_(True) | col(Visit.reprogrammed).is_(True))
