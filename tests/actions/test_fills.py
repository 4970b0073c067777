"""When a pump was filled last, as far as its own reports tell."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from tests.actions.build import a_pump, a_report
from tracker.records.database import Database
from tracker.records.forecast import Outlook
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps

DAY = timedelta(days=1)


def filled_on(database: Database, now: datetime, volumes: list[float], days: float = 1) -> date | None:
    """The day of the last fill after reports of those volumes, so many days apart, the last one now."""
    with database.writing() as session:
        pump = a_pump(session, now - 400 * DAY)
        for step, volume in enumerate(volumes):
            at = now - (len(volumes) - 1 - step) * days * DAY
            a_report(session, pump, at, step + 1, reservoir_ml=volume, received_at=at)
    evaluate_due_pumps(database, now)
    with database.reading() as session:
        outlook = session.get_one(Outlook, pump.id)
        return None if outlook.filled_at is None else outlook.filled_at.date()


@pytest.mark.parametrize(
    ("volumes", "days", "ago"),
    [
        ([15.2, 15.1, 3.0, 14.9, 14.8], 1, None),
        ([15.2, 15.1, 15.0, 3.0, 14.9], 1, None),
        ([9.0, 8.9, 18.0, 8.7, 8.6], 1, None),
        ([9.0, 8.9, 8.8, 18.0, 17.9], 1, 1),
        ([9.0, 8.9, 8.8, 8.7, 18.0], 1, None),
        ([15.2, 15.1, 2.0, 19.9, 19.8], 1, 1),
        ([18.5, 18.0, 3.0, 18.5, 17.0], 30, 30),
    ],
)
def test_a_report_too_low_or_too_high_between_two_that_agree_is_no_fill(
    sqlite_database: Database, now: datetime, volumes: list[float], days: float, ago: int | None
) -> None:
    expected = None if ago is None else (now - ago * DAY).date()
    assert filled_on(sqlite_database, now, volumes, days) == expected
