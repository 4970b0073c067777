"""What lies ahead for a whole clinic: replacements by month, refills by week, and the pumps behind the numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, func, literal, select, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col

from devices.lifecycle import FOLLOWED
from tracker.records.column_types import in_seconds
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump

#: a time and a pump's number: where a row stands in its order
Place = tuple[datetime, int]
_AT_ONCE: Final = 1000
_FOLLOWED = tuple(str(state) for state in FOLLOWED)


class Expected(NamedTuple):
    """One pump's expected end of service with its 80 % interval, and the surgery's day where it is planned."""

    pump_id: int
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

    @property
    def place(self) -> Place:
        """Where it stands in the order."""
        return self.eos_median_at, self.pump_id


class End(NamedTuple):
    """One pump's expected end of service with its 80 % interval, and the surgery's day where it is planned.

    Times are in seconds since 1970.
    """

    eos_low_s: float
    eos_median_s: float
    eos_high_s: float
    planned_for: date | None


class Refill(NamedTuple):
    """One pump's next refill: by when, why by then, and the drug."""

    pump_id: int
    serial: str
    patient_reference: str | None
    unit: str | None
    drug: str | None
    refill_by_at: datetime
    reason: str

    @property
    def place(self) -> Place:
        """Where it stands in the order."""
        return self.refill_by_at, self.pump_id


_REPLACEMENTS: Final = select(
    col(Pump.id),
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
    col(Pump.id),
    col(Pump.serial),
    col(Pump.patient_reference),
    col(Pump.unit),
    col(Pump.drug),
    col(Outlook.refill_by_at),
    col(Outlook.refill_reason),
).join(Outlook, col(Outlook.pump_id) == col(Pump.id))


def replacements(
    session: Session, clinic_id: int, until: datetime, unit: str, limit: int, after: Place | None = None
) -> Sequence[Expected]:
    """Followed pumps whose end of service may come before that time, the earliest middle estimate first."""
    early = col(Outlook.eos_low_at) < until
    ids = _first(col(Outlook.eos_median_at), clinic_id, unit, limit, after, early)
    found = session.execute(_REPLACEMENTS.where(col(Pump.id).in_(ids)))
    return sorted((Expected(*row) for row in found), key=lambda one: one.place)


def refills(
    session: Session, clinic_id: int, until: datetime, unit: str, limit: int, after: Place | None = None
) -> Sequence[Refill]:
    """Followed pumps to be refilled before that time, the most pressing first."""
    due = col(Outlook.refill_by_at)
    ids = _first(due, clinic_id, unit, limit, after, due < until)
    found = session.execute(_REFILLS.where(col(Pump.id).in_(ids)))
    return sorted((Refill(*row) for row in found), key=lambda one: one.place)


def expected_ends(session: Session, clinic_id: int, until: datetime, unit: str = "") -> Iterator[End]:
    """The same pumps as ``replacements``, in no order, with what counting by month needs, few at a time."""
    query = (
        select(
            in_seconds(session, col(Outlook.eos_low_at)),
            in_seconds(session, col(Outlook.eos_median_at)),
            in_seconds(session, col(Outlook.eos_high_at)),
            col(Pump.replacement_planned_for),
        )
        .join(Pump, col(Pump.id) == col(Outlook.pump_id))
        .where(col(Outlook.eos_low_at) < until, col(Outlook.eos_median_at).is_not(None), _is_of(clinic_id, unit))
    )
    for row in session.execute(query.execution_options(yield_per=_AT_ONCE)):
        yield End(*row)


def refills_before(session: Session, clinic_id: int, edges: Sequence[datetime], unit: str = "") -> list[int]:
    """How many followed pumps are to be refilled before each of those times."""
    due = col(Outlook.refill_by_at)
    counts = [func.count().filter(due < edge) for edge in edges]
    row = session.execute(select(*counts).where(due < max(edges), _is_of(clinic_id, unit))).one()
    return [int(count) for count in row]


def _first(
    column: Any, clinic_id: int, unit: str, limit: int, after: Place | None, narrowed: ColumnElement[bool]
) -> Any:
    """The numbers of the pumps behind that place of the order by the column, taken by its index."""
    query = select(col(Outlook.pump_id)).where(column.is_not(None), _is_of(clinic_id, unit), narrowed)
    if after is not None:
        there = tuple_(literal(after[0], column.type), literal(after[1]))
        query = query.where(tuple_(column, col(Outlook.pump_id)) > there)
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
