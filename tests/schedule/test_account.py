"""What the scheduler writes down of its jobs, where the clock is set meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import event

from tracker.records.database import Database
from tracker.records.job import JobRun, overdue
from tracker.schedule.job import Account, Job
from tracker.settings import Settings

HOUR = timedelta(hours=1)
IDLE = Job("idle", "Finds nothing to do.", 2.0, lambda _database, _settings, _now: 0)


@pytest.mark.parametrize("step", [HOUR, -HOUR])
def test_a_job_that_rests_is_not_called_overdue_once_it_ran_after_the_clock_was_set(
    sqlite_database: Database, tmp_path: Path, now: datetime, step: timedelta
) -> None:
    counted: Iterator[float] = iter(range(100))
    account = Account(sqlite_database, Settings(data_dir=tmp_path), "test", lambda: float(next(counted)))
    with time_machine.travel(now, tick=False):
        account.run(IDLE)
    with time_machine.travel(now + step, tick=False):
        with sqlite_database.reading() as session:
            assert overdue(session.get_one(JobRun, "idle"), datetime.now(UTC)) is not None
        account.run(IDLE)
        with sqlite_database.reading() as session:
            assert overdue(session.get_one(JobRun, "idle"), datetime.now(UTC)) is None


def test_of_a_job_that_rests_the_next_run_writes_nothing(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    account = Account(sqlite_database, Settings(data_dir=tmp_path), "test", iter([0.0, 0.1, 2.0, 2.1]).__next__)
    for later in (timedelta(0), timedelta(seconds=2)):
        with time_machine.travel(now + later, tick=False):
            account.run(IDLE)
    with sqlite_database.reading() as session:
        assert session.get_one(JobRun, "idle").succeeded_at == now


def test_a_good_run_that_could_not_be_written_down_is_with_the_next_one(
    sqlite_database: Database, sqlite_url: str, tmp_path: Path
) -> None:
    impatient = Database(sqlite_url)
    event.listen(impatient.engine, "connect", lambda connection, _: connection.execute("PRAGMA busy_timeout = 10"))
    account = Account(impatient, Settings(data_dir=tmp_path), "test")
    with sqlite_database.writing() as session:
        session.connection()
        account.run(IDLE)
    account.run(IDLE)
    impatient.close()
    with sqlite_database.reading() as session:
        assert session.get_one(JobRun, "idle").succeeded_at is not None
