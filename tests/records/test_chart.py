"""A long chart is thinned on both databases."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.build import NOW, a_clinic, a_pump, a_reading
from tracker.records.database import Database
from tracker.records.partitions import ensure_months, month_of
from tracker.records.queries.chart import Span, reading_buckets, whole_course


@pytest.mark.parametrize("buckets", [1, 7, 700])
def test_readings_are_thinned_without_losing_one_or_an_extreme(database: Database, buckets: int) -> None:
    with database.writing() as session:
        pump = a_pump(session, a_clinic(session))
        if not database.is_sqlite:
            ensure_months(
                session.connection(), {month_of(NOW - timedelta(days=days)) for days in range(0, 90, 10)}, NOW
            )
        for step in range(120):
            a_reading(
                session,
                pump,
                seq=step + 1,
                measured_at=NOW - timedelta(hours=12 * step),
                reservoir_ml=float(step % 17),
                battery_percent=None if step % 2 else 50.0,
            )
    with database.reading() as session:
        found = reading_buckets(session, pump.id or 0, Span(NOW - timedelta(days=60), NOW), buckets)
    assert sum(bucket.readings for bucket in found) == 120
    assert len(found) <= buckets + 1
    assert max(bucket.reservoir_high_ml for bucket in found) == 16.0
    assert min(bucket.reservoir_low_ml for bucket in found) == 0.0
    assert [bucket.first_at for bucket in found] == sorted(bucket.first_at for bucket in found)


@pytest.mark.parametrize("days", [0, 30, 59, 300, 4000])
def test_the_whole_course_holds_every_reading_whenever_it_may_begin(database: Database, days: int) -> None:
    with database.writing() as session:
        pump = a_pump(session, a_clinic(session))
        if not database.is_sqlite:
            ensure_months(
                session.connection(), {month_of(NOW - timedelta(days=days)) for days in range(0, 90, 10)}, NOW
            )
        for step in range(120):
            moment = NOW - timedelta(hours=12 * step)
            battery = None if step % 2 else 50.0
            a_reading(
                session, pump, seq=step + 1, measured_at=moment, reservoir_ml=float(step), battery_percent=battery
            )
    with database.reading() as session:
        found = whole_course(session, pump.id or 0, NOW - timedelta(days=days), NOW, 20)
    assert (found[0].first_at, found[-1].last_at) == (NOW - timedelta(hours=12 * 119), NOW)
    assert sum(bucket.readings for bucket in found) == 120
    assert 10 <= len(found) <= 41, "neither too coarse for the screen nor too much for it"
    assert (found[0].reservoir_high_ml, found[-1].reservoir_low_ml) == (119.0, 0.0)
    assert {(one.battery_low_percent, one.battery_high_percent) for one in found} == {(50.0, 50.0)}
    assert [bucket.first_at for bucket in found] == sorted(bucket.first_at for bucket in found)


def test_a_pump_without_a_reading_has_an_empty_course(database: Database) -> None:
    with database.writing() as session:
        pump = a_pump(session, a_clinic(session))
        assert whole_course(session, pump.id or 0, NOW - timedelta(days=9), NOW) == []
