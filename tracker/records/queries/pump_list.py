"""The list of pumps as its page shows it: one row per pump with what matters of its state and outlook."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType
from typing import Any, Final, NamedTuple

from sqlalchemy import ARRAY, BigInteger, ColumnElement, cast, func, literal, or_, select, tuple_
from sqlmodel import Session, col

from devices.lifecycle import FOLLOWED
from tracker.records.column_types import EPOCH, from_micros, to_micros
from tracker.records.distinct_values import each_once
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump, PumpState
from tracker.records.staff import SavedView
from tracker.records.worklist import WorklistItem


@dataclass(frozen=True, slots=True)
class PumpFilter:
    """Which pumps to list. Empty fields do not narrow; ``text`` is looked for in serial, UDI and patient reference."""

    clinic_id: int
    text: str = ""
    unit: str = ""
    model: str = ""
    lifecycle: str = ""
    link: str = ""
    attention: str = ""  # "any" open line, or an "urgent" one
    followed: bool = False  # only those that the clinic answers for


class PumpRow(NamedTuple):
    """One pump in the list. None stands for what is not known."""

    id: int
    serial: str
    model: str
    patient_reference: str | None
    unit: str | None
    lifecycle: str
    drug: str | None
    implanted_on: date | None
    created_at: datetime
    udi: str | None
    manufactured_on: date | None
    expires_on: date | None
    measured_at: datetime | None
    battery_percent: float | None
    battery_indicator: str | None
    reservoir_ml: float | None
    flow_ml_per_day: float | None
    alarms: str | None
    last_contact_at: datetime | None
    link: str | None
    eos_low_at: datetime | None
    eos_median_at: datetime | None
    eos_high_at: datetime | None
    refill_by_at: datetime | None


_COLUMNS = (
    col(Pump.id),
    col(Pump.serial),
    col(Pump.model),
    col(Pump.patient_reference),
    col(Pump.unit),
    col(Pump.lifecycle),
    col(Pump.drug),
    col(Pump.implanted_on),
    col(Pump.created_at),
    col(Pump.udi),
    col(Pump.manufactured_on),
    col(Pump.expires_on),
    col(PumpState.measured_at),
    col(PumpState.battery_percent),
    col(PumpState.battery_indicator),
    col(PumpState.reservoir_ml),
    col(PumpState.flow_ml_per_day),
    col(PumpState.alarms),
    col(PumpState.last_contact_at),
    col(PumpState.link),
    col(Outlook.eos_low_at),
    col(Outlook.eos_median_at),
    col(Outlook.eos_high_at),
    col(Outlook.refill_by_at),
)


class Sort(NamedTuple):
    """One order: table and column, whether it falls, whether its values are times, the field of a row."""

    table: type[Pump | Outlook | PumpState]
    column: Any
    falling: bool
    timed: bool
    field: str
    words: str


SORTS: Final[Mapping[str, Sort]] = MappingProxyType(
    {
        "newest": Sort(Pump, col(Pump.created_at), True, True, "created_at", "Newest record"),
        "serial": Sort(Pump, col(Pump.serial), False, False, "serial", "Serial"),
        "refill": Sort(Outlook, col(Outlook.refill_by_at), False, True, "refill_by_at", "Refill by"),
        "battery": Sort(Outlook, col(Outlook.eos_median_at), False, True, "eos_median_at", "End of service"),
        "contact": Sort(PumpState, col(PumpState.last_contact_at), False, True, "last_contact_at", "Longest silent"),
    }
)
"""The orders that a person may ask for. Pumps without the value are left out of an order by it."""
_FEW: Final = 10_000
_FEW_OUTLOOKS: Final = 1000  # whose rows are long
_FOLLOWED: Final = tuple(str(state) for state in FOLLOWED)


class Matching(NamedTuple):
    """How many pumps a filter matches, and which, where looking for them has shown it already."""

    total: int
    ids: list[int] | None = None


def pump_rows(
    session: Session,
    wanted: PumpFilter,
    sort: str,
    limit: int,
    after: tuple[str | int, int] | None = None,
    *,
    matching: Matching | None = None,
) -> list[PumpRow]:
    """A page of pumps in that order, from behind the place ``after`` (as ``place_of_row`` gave it).

    ``matching`` is what is known of them. Few are found first and then put in order; of many, the order's index is
    followed until the page is full, which is soon.
    """
    order = SORTS[sort]
    number: Any = col(
        Pump.id if order.table is Pump else Outlook.pump_id if order.table is Outlook else PumpState.pump_id
    )
    few = matching is not None and matching.total <= (_FEW_OUTLOOKS if order.table is Outlook else _FEW)
    query: Any = select(number.label("id"), order.column.label("place"))
    if order.table is Pump or few:
        if order.table is not Pump:
            query = query.join(Pump, col(Pump.id) == number)
        if matching is not None and matching.ids is not None:
            query = query.where(col(Pump.id).in_(_each_of(session, matching.ids)))
        else:
            query = _narrowed(session, query, wanted, few=few)
    else:
        mine = _narrowed(session, select(col(Pump.id)), wanted, few=False).where(col(Pump.id) == number)
        query = query.where(order.column.is_not(None), mine.correlate(order.table).exists())
    if order.table is not Pump:
        query = query.where(order.column.is_not(None))
    place = order.column
    if few:
        found = query.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
        number, place = found.c.id, found.c.place
        query = select(number)
    if after is not None:
        value: Any = from_micros(int(after[0])) if order.timed else after[0]
        here, there = tuple_(place, number), tuple_(literal(value, order.column.type), literal(after[1]))
        query = query.where(here < there if order.falling else here > there)
    key = (place.desc(), number.desc()) if order.falling else (place, number)
    ids = session.execute(query.order_by(*key).limit(limit)).scalars().all()
    rows = {row[0]: PumpRow(*row) for row in session.execute(_SHOWN.where(col(Pump.id).in_(_each_of(session, ids))))}
    return [rows[one] for one in ids]


def place_of_row(row: PumpRow, sort: str) -> tuple[str | int, int]:
    """Where a row stands in that order."""
    order = SORTS[sort]
    value = getattr(row, order.field)
    return (to_micros(value or EPOCH) if order.timed else value), row.id


def pumps_with_text(session: Session, wanted: PumpFilter) -> Matching:
    """The pumps that match a filter with a text, which is looked for in each pump: one search to count and to list."""
    some = _narrowed(session, select(col(Pump.id)), wanted, few=True).limit(_FEW + 1)
    ids = [int(number) for number in session.execute(some).scalars()]
    return Matching(len(ids), ids) if len(ids) <= _FEW else Matching(count_pumps(session, wanted))


def count_pumps(session: Session, wanted: PumpFilter) -> int:
    """How many pumps match."""
    query = select(func.count()).select_from(Pump)
    return int(session.execute(_narrowed(session, query, wanted, few=True)).scalar_one())


def urgency_of(session: Session, pump_ids: list[int]) -> dict[int, tuple[int, int]]:
    """Highest priority and number of the open lines of those pumps that have any."""
    rows = session.execute(
        select(col(WorklistItem.pump_id), func.max(WorklistItem.priority), func.count())
        .where(col(WorklistItem.pump_id).in_(pump_ids), col(WorklistItem.closed_at).is_(None))
        .group_by(col(WorklistItem.pump_id))
    )
    return {int(pump_id): (int(priority), int(count)) for pump_id, priority, count in rows}


def models_of(session: Session, clinic_id: int) -> list[str]:
    """The models that the clinic has pumps of."""
    return each_once(session, col(Pump.model), clinic_id)


def model_of_device(session: Session, clinic_id: int, device_identifier: str) -> str | None:
    """The model that the clinic's pumps with that device part of a UDI have; None where there is none, or several."""
    rows = session.execute(
        select(col(Pump.model))
        .where(col(Pump.clinic_id) == clinic_id, col(Pump.device_identifier) == device_identifier)
        .distinct()
        .limit(2)
    )
    models = [str(model) for (model,) in rows]
    return models[0] if len(models) == 1 else None


def saved_views(session: Session, staff_id: int) -> list[SavedView]:
    """A person's saved views by name."""
    query = select(SavedView).where(col(SavedView.staff_id) == staff_id).order_by(col(SavedView.name))
    return list(session.execute(query).scalars())


_SHOWN: Final = (
    select(*_COLUMNS)
    .select_from(Pump)
    .join(Outlook, col(Outlook.pump_id) == col(Pump.id), isouter=True)
    .join(PumpState, col(PumpState.pump_id) == col(Pump.id), isouter=True)
)


def _narrowed(session: Session, query: Any, wanted: PumpFilter, *, few: bool) -> Any:
    """With ``few``, what the pump must be among is gathered first; else it is looked up for each pump in turn."""
    query = query.where(col(Pump.clinic_id) == wanted.clinic_id)
    if wanted.text:
        query = query.where(_has_text(session, wanted.text.strip()))
    for column, value in ((Pump.unit, wanted.unit), (Pump.model, wanted.model), (Pump.lifecycle, wanted.lifecycle)):
        if value:
            query = query.where(col(column) == value)
    if wanted.followed:
        query = query.where(col(Pump.lifecycle).in_(_FOLLOWED))
    if wanted.link:
        linked = select(col(PumpState.pump_id)).where(col(PumpState.link) == wanted.link)
        query = query.where(_among(linked, col(PumpState.pump_id), few=few))
    if wanted.attention:
        lines = select(col(WorklistItem.pump_id)).where(
            col(WorklistItem.clinic_id) == wanted.clinic_id,
            col(WorklistItem.closed_at).is_(None),
            col(WorklistItem.pump_id).is_not(None),
        )
        if wanted.attention == "urgent":
            lines = lines.where(col(WorklistItem.priority) == 3)
        elif wanted.attention == "any":
            still = col(PumpState.infusion).in_(("stopped", "minimum_rate"))
            stands = select(col(PumpState.pump_id)).where(still | col(PumpState.motor).in_(("stalled", "stopped")))
            return query.where(
                _among(lines, col(WorklistItem.pump_id), few=few) | _among(stands, col(PumpState.pump_id), few=few)
            )
        query = query.where(_among(lines, col(WorklistItem.pump_id), few=few))
    return query


def _each_of(session: Session, ids: Sequence[int]) -> Any:
    """Many numbers as one parameter."""
    if session.get_bind().dialect.name == "sqlite":
        return select(func.json_each(json.dumps(list(ids))).table_valued("value").c.value)
    return select(func.unnest(cast(list(ids), ARRAY(BigInteger))))


def _among(some: Any, pump_id: Any, *, few: bool) -> ColumnElement[bool]:
    among: ColumnElement[bool]
    among = col(Pump.id).in_(some) if few else some.where(pump_id == col(Pump.id)).correlate(Pump).exists()
    return among


def _has_text(session: Session, text: str) -> ColumnElement[bool]:
    """Any part of it, in capitals or not.

    On SQLite that is so for the letters a to z; any other is found as it was typed.
    """
    columns: list[Any] = [col(Pump.serial), col(Pump.patient_reference), col(Pump.udi)]
    if session.get_bind().dialect.name == "sqlite":  # whose LIKE knows no case of those letters
        return or_(*(column.contains(text, autoescape=True) for column in columns))
    part = re.sub(r"([\\%_])", r"\\\1", text)
    return or_(*(column.ilike(f"%{part}%") for column in columns))
