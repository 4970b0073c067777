"""One pump's readings over a span of time, thinned to what a screen can show, and the events beside them.

The database thins: per bucket of time the first and last moment and each quantity's extremes. A sawtooth keeps its
teeth, since a bucket is drawn from its highest to its lowest value, which is how a reservoir runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import cycle
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, ColumnElement, Interval, and_, func, literal, select, type_coerce
from sqlmodel import Session, col

from tracker.records.alarm import Alarm
from tracker.records.column_types import EPOCH, UtcDateTime, to_micros
from tracker.records.reading import Reading
from tracker.records.visit import Visit

BUCKETS = 700
_MICROS = 1_000_000


class Bucket(NamedTuple):
    """What the readings of one stretch of time held. None where no reading told it."""

    first_at: datetime
    last_at: datetime
    readings: int
    reservoir_low_ml: float
    reservoir_high_ml: float
    battery_low_percent: float | None
    battery_high_percent: float | None
    flow_low_ml_per_day: float | None
    flow_high_ml_per_day: float | None


@dataclass(frozen=True, slots=True)
class Span:
    """The stretch of time to show, both ends included."""

    start: datetime
    end: datetime


def reading_buckets(session: Session, pump_id: int, span: Span, buckets: int = BUCKETS) -> list[Bucket]:
    """The readings of that span in at most ``buckets`` + 1 buckets of equal length, the oldest first."""
    width = max(_MICROS, (to_micros(span.end) - to_micros(span.start)) // buckets)
    return _binned(session, width, span.start, _of(pump_id, span.end), col(Reading.measured_at) >= span.start)


def whole_course(
    session: Session, pump_id: int, begins: datetime, until: datetime, buckets: int = BUCKETS
) -> list[Bucket]:
    """All readings up to that time in at most 2 * ``buckets`` + 1 buckets, the oldest first, whenever they begin.

    ``begins`` is when they probably do: where that holds they are read once, without a look for the first of them.
    """
    width = max(_MICROS, (to_micros(until) - to_micros(begins)) // buckets)
    found = _binned(session, width, EPOCH, _of(pump_id, until))
    if found and until - found[0].first_at < (until - begins) / 2:
        return reading_buckets(session, pump_id, Span(found[0].first_at, until), buckets)
    step = -(-len(found) // (2 * buckets + 1))
    return [merged(found[at : at + step]) for at in range(0, len(found), step)] if step > 1 else found


def merged(some: Sequence[Bucket]) -> Bucket:
    """Buckets that follow one another, as one."""

    def least(values: Iterable[float | None]) -> Any:
        return min((value for value in values if value is not None), default=None)

    def most(values: Iterable[float | None]) -> Any:
        return max((value for value in values if value is not None), default=None)

    firsts, lasts, counts, *extremes = zip(*some, strict=True)
    each = (choose(values) for choose, values in zip(cycle((least, most)), extremes, strict=False))
    return Bucket(firsts[0], lasts[-1], sum(counts), *each)


def _of(pump_id: int, until: datetime) -> ColumnElement[bool]:
    right = col(Reading.clock_wrong).is_(False)
    return and_(col(Reading.pump_id) == pump_id, col(Reading.measured_at) <= until, right)


def _binned(session: Session, width: int, origin: datetime, *wanted: ColumnElement[bool]) -> list[Bucket]:
    """The readings wanted, none older than the origin, in bins of so many microseconds from the origin on."""
    measured: Any = col(Reading.measured_at)
    if session.get_bind().dialect.name == "sqlite":
        bucket = ((type_coerce(measured, BigInteger) - to_micros(origin)) // width).label("bucket")
    else:
        stride = literal(timedelta(microseconds=width), Interval)
        bucket = func.date_bin(stride, measured, literal(origin, UtcDateTime)).label("bucket")
    query = (
        select(
            bucket,
            func.min(measured),
            func.max(measured),
            func.count(),
            func.min(Reading.reservoir_ml),
            func.max(Reading.reservoir_ml),
            func.min(Reading.battery_percent),
            func.max(Reading.battery_percent),
            func.min(Reading.flow_ml_per_day),
            func.max(Reading.flow_ml_per_day),
        )
        .where(*wanted)
        .group_by(bucket)
        .order_by(bucket)
    )
    return [Bucket(*told) for _, *told in session.execute(query)]


def charted_alarms(session: Session, pump_id: int, span: Span, limit: int = 1000) -> list[Alarm]:
    """Alarms that were active at some time of the span, the newest first."""
    query = (
        select(Alarm)
        .where(
            col(Alarm.pump_id) == pump_id,
            col(Alarm.first_seen_at) <= span.end,
            col(Alarm.cleared_at).is_(None) | (col(Alarm.cleared_at) >= span.start),
        )
        .order_by(col(Alarm.first_seen_at).desc())
        .limit(limit)
    )
    return list(session.execute(query).scalars())


def charted_visits(session: Session, pump_id: int, span: Span, limit: int = 1000) -> list[Visit]:
    """Visits that count, from the last one before the span on, the oldest first; of very many the newest."""
    before = (
        select(func.max(Visit.performed_at))
        .where(
            col(Visit.pump_id) == pump_id,
            col(Visit.status) != "withdrawn",
            col(Visit.refilled).is_(True),
            col(Visit.performed_at) < span.start,
        )
        .scalar_subquery()
    )
    query = (
        select(Visit)
        .where(
            col(Visit.pump_id) == pump_id,
            col(Visit.status) != "withdrawn",
            col(Visit.performed_at) <= span.end,
            col(Visit.performed_at) >= func.coalesce(before, literal(span.start - timedelta(days=366), UtcDateTime)),
        )
        .order_by(col(Visit.performed_at).desc(), col(Visit.id).desc())
        .limit(limit)
    )
    return list(session.execute(query).scalars())[::-1]
