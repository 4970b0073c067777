"""A corrected implant date moves the end of service at the next look, also at one that nobody asked for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.actions.build import a_history, a_pump
from tracker.actions.pumps.forecast_pump import forecast_pump
from tracker.records.database import Database
from tracker.records.forecast import Ahead
from tracker.records.reading_history import readings_known_by

DAY = timedelta(days=1)


@pytest.mark.parametrize("after_days", [0, 1, 2])
def test_a_corrected_implant_date_moves_the_limit_whatever_day_it_is(
    sqlite_database: Database, now: datetime, after_days: int
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now - 400 * DAY, implanted_on=None, lifecycle="in_stock")
        pump.lifecycle = "implanted"
        a_history(session, pump, now, 20)
        readings = readings_known_by(session, pump.id or 0, now)

        def looked(before: Ahead | None, at: datetime) -> Ahead:
            return forecast_pump(
                pump, before, [] if before else readings, at, prescription=None, routine=before is not None
            ).outlook

        row = looked(None, now)
        assert row.limit_at is None
        assert "implant date is not recorded" in row.battery_basis
        pump.implanted_on = (now - 2_540 * DAY).date()
        row = looked(row, now + (1 + after_days) * DAY)
        assert row.limit_at is not None
        assert row.eos_high_at is not None
        assert row.eos_high_at <= row.limit_at + DAY
        pump.implanted_on = (now - 1_000 * DAY).date()
        limit = row.limit_at
        row = looked(row, now + (2 + after_days) * DAY)
        assert row.limit_at is not None
        assert row.limit_at > limit
