"""What lies ahead for a whole clinic: replacements by month, refills by week, and the pumps behind the numbers."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from devices.lifecycle import FOLLOWED
from tracker.records.outlook import Outlook
from tracker.records.pump import Pump

_FOLLOWED = tuple(str(state) for state in FOLLOWED)


class Expected(NamedTuple):
    """One pump's expected end of service with its 80 % interval, and the surgery's day where it is planned."""

    serial: str
    model: str
    patient_reference: str | None
    unit: str | None
    lifecycle: str
    planned_for: date | None
    eri_median_at: datetime | None
    eos_low_at: datetime
    eos_median_at: datetime
    eos_high_at: datetime
    basis: str


class End(NamedTuple):
    """One pump's expected end of service with its 80 % interval, and the surgery's day where it is planned."""

    eos_low_at: datetime
    eos_median_at: datetime
    eos_high_at: datetime
    planned_for: date | None


class Refill(NamedTuple):
    """One pump's next refill: by when, why by then, and the drug."""

    serial: str
    patient_reference: str | None
    unit: str | None
    drug: str | None
    refill_by_at: datetime
    reason: str


_REPLACEMENTS: Final = select(
    col(Pump.serial),
    col(Pump.model),
    col(Pump.patient_reference),
    col(Pump.unit),
    col(Pump.lifecycle),
    col(Pump.replacement_planned_for),
    col(Outlook.eri_median_at),
    col(Outlook.eos_low_at),
    col(Outlook.eos_median_at),
    col(Outlook.eos_high_at),
    col(Outlook.battery_basis),
).join(Outlook, col(Outlook.pump_id) == col(Pump.id))
_REFILLS: Final = select(
    col(Pump.serial),
    col(Pump.patient_reference),
    col(Pump.unit),
    col(Pump.drug),
    col(Outlook.refill_by_at),
    col(Outlook.refill_reason),
).join(Outlook, col(Outlook.pump_id) == col(Pump.id))


def expected_replacements(
    session: Session, clinic_id: int, until: datetime, unit: str = "", limit: int = 100_000
) -> Sequence[Expected]:
    """Followed pumps whose end of service may come before that time, the earliest middle estimate first."""
    query = (
        _REPLACEMENTS.where(
            col(Pump.clinic_id) == clinic_id,
            col(Pump.lifecycle).in_(_FOLLOWED),
            col(Outlook.eos_low_at) < until,
            col(Outlook.eos_median_at).is_not(None),
        )
        .order_by(col(Outlook.eos_median_at), col(Pump.id))
        .limit(limit)
    )
    if unit:
        query = query.where(col(Pump.unit) == unit)
    return [Expected(*row) for row in session.execute(query)]


def expected_refills(
    session: Session, clinic_id: int, until: datetime, unit: str = "", limit: int = 100_000
) -> Sequence[Refill]:
    """Followed pumps to be refilled before that time, the most pressing first."""
    query = (
        _REFILLS.where(
            col(Pump.clinic_id) == clinic_id,
            col(Pump.lifecycle).in_(_FOLLOWED),
            col(Outlook.refill_by_at) < until,
        )
        .order_by(col(Outlook.refill_by_at), col(Pump.id))
        .limit(limit)
    )
    if unit:
        query = query.where(col(Pump.unit) == unit)
    return [Refill(*row) for row in session.execute(query)]


def expected_ends(session: Session, clinic_id: int, until: datetime, unit: str = "") -> Sequence[End]:
    """The same pumps as ``expected_replacements``, in no order and with what counting by month needs alone."""
    query = (
        select(
            col(Outlook.eos_low_at),
            col(Outlook.eos_median_at),
            col(Outlook.eos_high_at),
            col(Pump.replacement_planned_for),
        )
        .join(Pump, col(Pump.id) == col(Outlook.pump_id))
        .where(col(Outlook.eos_low_at) < until, col(Outlook.eos_median_at).is_not(None), _is_of(clinic_id, unit))
    )
    return [End(*row) for row in session.execute(query)]


def refills_before(session: Session, clinic_id: int, edges: Sequence[datetime], unit: str = "") -> list[int]:
    """How many followed pumps are to be refilled before each of those times."""
    due = col(Outlook.refill_by_at)
    counts = [func.count().filter(due < edge) for edge in edges]
    row = session.execute(select(*counts).where(due < max(edges), _is_of(clinic_id, unit))).one()
    return [int(count) for count in row]


def first_replacements(session: Session, clinic_id: int, until: datetime, unit: str, limit: int) -> Sequence[Expected]:
    """The first of ``expected_replacements``, taken by the index of the middle estimates."""
    ids = _first(col(Outlook.eos_median_at), clinic_id, unit, limit, col(Outlook.eos_low_at) < until)
    found = session.execute(_REPLACEMENTS.where(col(Pump.id).in_(ids)))
    return sorted((Expected(*row) for row in found), key=lambda one: one.eos_median_at)


def first_refills(session: Session, clinic_id: int, until: datetime, unit: str, limit: int) -> Sequence[Refill]:
    """The first of ``expected_refills``."""
    ids = _first(col(Outlook.refill_by_at), clinic_id, unit, limit, col(Outlook.refill_by_at) < until)
    found = session.execute(_REFILLS.where(col(Pump.id).in_(ids)))
    return sorted((Refill(*row) for row in found), key=lambda one: one.refill_by_at)


def _first(column: Any, clinic_id: int, unit: str, limit: int, *narrowed: ColumnElement[bool]) -> Any:
    query = select(col(Outlook.pump_id)).where(column.is_not(None), _is_of(clinic_id, unit), *narrowed)
    return query.order_by(column, col(Outlook.pump_id)).limit(limit)


def _is_of(clinic_id: int, unit: str) -> ColumnElement[bool]:
    """By each outlook's own pump, so that an order by the outlook's index is kept."""
    whose = aliased(Pump)
    mine = select(col(whose.id)).where(
        col(whose.id) == col(Outlook.pump_id),
        col(whose.clinic_id) == clinic_id,
        col(whose.lifecycle).in_(_FOLLOWED),
    )
    if unit:
        mine = mine.where(col(whose.unit) == unit)
    return mine.correlate(Outlook).exists()
