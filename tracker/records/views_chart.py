"""One pump's readings over a span of time, thinned to what a screen can show, and the events beside them.

The database thins: per bucket of time the first and last moment and each quantity's extremes. A sawtooth keeps its
teeth, since a bucket is drawn from its highest to its lowest value, which is how a reservoir runs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from sqlalchemy import BigInteger, Interval, func, literal, select, type_coerce
from sqlmodel import Session, col

from tracker.records.alarm import Alarm
from tracker.records.columns import UtcDateTime, to_micros
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
    start = to_micros(span.start)
    width = max(_MICROS, (to_micros(span.end) - start) // buckets)
    measured: Any = col(Reading.measured_at)
    if session.get_bind().dialect.name == "sqlite":
        bucket = ((type_coerce(measured, BigInteger) - start) // width).label("bucket")
    else:
        stride = literal(timedelta(microseconds=width), Interval)
        bucket = func.date_bin(stride, measured, literal(span.start, UtcDateTime)).label("bucket")
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
        .where(
            col(Reading.pump_id) == pump_id,
            col(Reading.measured_at) >= span.start,
            col(Reading.measured_at) <= span.end,
        )
        .group_by(bucket)
        .order_by(bucket)
    )
    return [Bucket(*told) for _, *told in session.execute(query)]


def first_reading_at(session: Session, pump_id: int) -> datetime | None:
    """When the oldest reading of the pump was measured."""
    moment: datetime | None = session.execute(
        select(func.min(Reading.measured_at)).where(col(Reading.pump_id) == pump_id)
    ).scalar_one()
    return moment


def charted_alarms(session: Session, pump_id: int, span: Span, limit: int = 300) -> list[Alarm]:
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


def charted_visits(session: Session, pump_id: int, span: Span, limit: int = 300) -> list[Visit]:
    """Visits that count, from the last one before the span on, the oldest first."""
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
        .order_by(col(Visit.performed_at))
        .limit(limit)
    )
    return list(session.execute(query).scalars())
