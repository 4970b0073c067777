"""Readings as they are evaluated: those new since a pump was last looked at, and those known by a moment."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any, NamedTuple

from sqlalchemy import Integer, bindparam, case, delete, func, select, tuple_
from sqlmodel import Session, col

from tracker.records.delivery import DeliveryMark
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump
from tracker.records.reading import Reading

AGAIN = 50  # so many readings before the mark are given again, so that what is new stands beside what came before it


class Measured(NamedTuple):
    """One reading as it is evaluated."""

    epoch: int
    seq: int
    measured_at: datetime
    received_at: datetime
    reservoir_ml: float
    flow_ml_per_day: float | None
    infusion: str
    motor: str
    alarms: str
    battery_percent: float | None
    battery_voltage_v: float | None
    battery_indicator: str | None


_RIGHT = col(Reading.clock_wrong).is_(False)
_SETTLED_AFTER = timedelta(hours=1)  # what was committed so long before a look was seen by it
_COLUMNS = tuple(col(getattr(Reading, name)) for name in Measured._fields)

# Asked at every evaluation, so each of these statements is made once.
_IDS: Any = bindparam("pumps", expanding=True)
_IN_ORDER = (col(Reading.pump_id), col(Reading.measured_at))
_WHOLE = select(col(Reading.pump_id), *_COLUMNS).where(col(Reading.pump_id).in_(_IDS), _RIGHT).order_by(*_IN_ORDER)
_PAST_MARK = (
    select(col(Reading.pump_id), *_COLUMNS)
    .join(Outlook, col(Outlook.pump_id) == col(Reading.pump_id))
    .where(
        col(Outlook.pump_id).in_(_IDS),
        col(Outlook.epoch).is_not(None),
        _RIGHT,
        tuple_(col(Reading.epoch), col(Reading.seq))
        > tuple_(col(Outlook.epoch), col(Outlook.through_seq) - bindparam("again", type_=Integer)),
    )
    .order_by(*_IN_ORDER)
)
_MARKED = select(col(Outlook.pump_id)).where(col(Outlook.pump_id).in_(_IDS), col(Outlook.epoch).is_not(None))
_OTHER_EPOCHS = (
    select(col(DeliveryMark.pump_id), col(DeliveryMark.updated_at), col(Outlook.computed_at))
    .join(Outlook, col(Outlook.pump_id) == col(DeliveryMark.pump_id))
    .where(col(DeliveryMark.pump_id).in_(_IDS), col(DeliveryMark.epoch) != col(Outlook.epoch))
)
_CONTIGUOUS = (
    select(col(DeliveryMark.pump_id), col(DeliveryMark.contiguous))
    .where(col(DeliveryMark.pump_id).in_(_IDS))
    .order_by(col(DeliveryMark.epoch))
)


def readings_not_seen(
    session: Session, pump_ids: Sequence[int], held: Collection[int] = ()
) -> Iterator[tuple[int, list[Measured]]]:
    """For each of those pumps its readings past the mark of its outlook (all of them without one) and a few before.

    Pump by pump, each list in order of measurement; pumps without any reading are left out. ``held``: the pumps whose
    outlook holds the few before the mark already; of them only the later ones are read.
    """
    known = set(session.execute(_MARKED, {"pumps": list(pump_ids)}).scalars())
    known -= _moved_in_other_epochs(session, pump_ids)
    for some in _chunks([pump_id for pump_id in pump_ids if pump_id in known and pump_id in held], 500):
        yield from _by_pump(session, _PAST_MARK, {"pumps": list(some), "again": 0})
    for some in _chunks([pump_id for pump_id in pump_ids if pump_id in known and pump_id not in held], 100):
        yield from _by_pump(session, _PAST_MARK, {"pumps": list(some), "again": AGAIN})
    for some in _chunks([pump_id for pump_id in pump_ids if pump_id not in known], 100):
        yield from _by_pump(session, _WHOLE, {"pumps": list(some)})


def _moved_in_other_epochs(session: Session, pump_ids: Sequence[int]) -> set[int]:
    """The pumps of which something came lately in another epoch than their outlook's mark speaks of."""
    rows = session.execute(_OTHER_EPOCHS, {"pumps": list(pump_ids)})
    return {pump_id for pump_id, moved_at, computed_at in rows if moved_at > computed_at - _SETTLED_AFTER}


def _chunks(pump_ids: Sequence[int], size: int) -> Iterator[Sequence[int]]:
    """So few pumps at a time that what is read of each still fits in memory, were it years of readings."""
    for start in range(0, len(pump_ids), size):
        yield pump_ids[start : start + size]


def readings_known_by(session: Session, pump_id: int, as_of: datetime) -> list[Measured]:
    """A pump's readings that had been received by that moment, in order of measurement."""
    chosen = _WHOLE.where(col(Reading.received_at) <= as_of)
    return next((readings for _, readings in _by_pump(session, chosen, {"pumps": [pump_id]})), [])


def oldest_reading(session: Session, pump_id: int) -> datetime | None:
    """When the oldest of a pump's readings that are still kept was measured; None without any."""
    return session.execute(
        select(func.min(Reading.measured_at)).where(col(Reading.pump_id) == pump_id, _RIGHT)
    ).scalar()


def newest_of_wrong_clock(session: Session, pump_id: int, as_of: datetime) -> Measured | None:
    """The reading of the highest number that a wrong clock dated and that had been received by that moment."""
    chosen = select(*_COLUMNS).where(
        col(Reading.pump_id) == pump_id, col(Reading.received_at) <= as_of, col(Reading.clock_wrong).is_(True)
    )
    row = session.execute(chosen.order_by(col(Reading.epoch).desc(), col(Reading.seq).desc()).limit(1)).first()
    return None if row is None else Measured(*row)


def _by_pump(session: Session, chosen: Any, given: dict[str, Any]) -> Iterator[tuple[int, list[Measured]]]:
    rows = session.execute(chosen, given).all()
    for pump_id, of_pump in groupby(rows, key=lambda row: int(row[0])):
        yield pump_id, [Measured(*row[1:]) for row in of_pump]


def contiguous_through(session: Session, pump_ids: Sequence[int]) -> dict[int, int]:
    """How far each pump's newest epoch is complete."""
    return {row[0]: row[1] for row in session.execute(_CONTIGUOUS, {"pumps": list(pump_ids)})}


def drop_readings(session: Session, first_pump: int, last_pump: int, before: datetime) -> dict[int, int]:
    """Delete what those pumps measured before that moment, by arrival where a clock was wrong.

    Returns how many of each clinic.
    """
    dated = case((col(Reading.clock_wrong), col(Reading.received_at)), else_=col(Reading.measured_at))
    old = (col(Reading.pump_id).between(first_pump, last_pump), dated < before)
    counted = select(col(Pump.clinic_id), func.count()).join(Reading, col(Reading.pump_id) == col(Pump.id))
    found = session.execute(counted.where(*old).group_by(col(Pump.clinic_id)).order_by(col(Pump.clinic_id))).all()
    if found:
        session.execute(delete(Reading).where(*old).execution_options(synchronize_session=False))
    return {int(clinic): int(count) for clinic, count in found}
