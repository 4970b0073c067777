"""One pump at which the evaluation fails: it alone waits, and that it does is seen."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy.exc import DBAPIError
from sqlmodel import delete, select
from structlog.testing import capture_logs

from tests.actions.build import a_history, a_pump, a_report
from tracker.records.database import Database
from tracker.records.job import JobRun
from tracker.records.pump import Pump, PumpState
from tracker.records.reading import Reading
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.job import Account, Job, Unfinished
from tracker.settings import Settings

HOUR = timedelta(hours=1)
FIRST_DAY = datetime.min.replace(tzinfo=UTC)
"""Nothing can be computed back from it. Ingest refuses it; a table may hold it from before it did."""


def a_clinic_with_one_poisoned_pump(database: Database, now: datetime) -> None:
    """SN-0 to SN-6, all due; SN-3's only report is of the calendar's first day."""
    with database.writing() as session:
        for number in range(7):
            pump = a_pump(session, now, serial=f"SN-{number}")
            if number == 3:
                a_report(session, pump, FIRST_DAY, 1, received_at=now)
            else:
                a_history(session, pump, now, 3)


def next_looks(database: Database) -> dict[str, datetime | None]:
    with database.reading() as session:
        states = select(Pump.serial, PumpState.evaluate_at).where(PumpState.pump_id == Pump.id)
        return dict(session.exec(states).all())


@pytest.mark.parametrize("processes", [1, 2])
def test_a_pump_that_can_not_be_evaluated_is_put_off_and_named_and_the_others_are_done(
    database: Database, now: datetime, processes: int
) -> None:
    a_clinic_with_one_poisoned_pump(database, now)
    with capture_logs() as logs, pytest.raises(Unfinished) as unfinished:
        evaluate_due_pumps(database, now, processes=processes, alone_up_to=0)
    assert unfinished.value.left == {"SN-3": "OverflowError: date value out of range"}
    assert (unfinished.value.touched, unfinished.value.until) == (6, now + HOUR)
    (told,) = [entry for entry in logs if entry["log_level"] == "error"]
    assert told["serial"] == "SN-3"
    assert "Traceback" in told["exception"]
    assert next_looks(database) == {f"SN-{number}": now + (HOUR if number == 3 else 24 * HOUR) for number in range(7)}
    assert evaluate_due_pumps(database, now + HOUR / 2) == 0


def test_a_pump_that_was_put_off_is_tried_again_in_an_hour_and_done_once_it_can_be(
    database: Database, now: datetime
) -> None:
    a_clinic_with_one_poisoned_pump(database, now)
    for hours in (0, 1):
        with pytest.raises(Unfinished):
            evaluate_due_pumps(database, now + hours * HOUR)
    with database.writing() as session:
        session.exec(delete(Reading).where(Reading.measured_at == FIRST_DAY))  # type: ignore[arg-type]
    assert evaluate_due_pumps(database, now + 2 * HOUR) == 1


def test_a_fault_of_the_database_puts_off_no_pump(database: Database, now: datetime) -> None:
    a_clinic_with_one_poisoned_pump(database, now)
    with database.writing() as session:
        session.connection().execute(sqlalchemy.text("ALTER TABLE outlook RENAME TO mislaid"))
    with pytest.raises(DBAPIError):
        evaluate_due_pumps(database, now)
    assert set(next_looks(database).values()) == {now}


def test_a_job_counts_as_failing_until_what_it_left_for_later_has_had_its_time(
    sqlite_database: Database, tmp_path: Path
) -> None:
    until = datetime.now(UTC) + timedelta(seconds=1.5)

    def leaves_one(_database: Database, _settings: Settings, _now: datetime) -> int:
        raise Unfinished({"SN-3": "OverflowError: date value out of range"}, touched=6, until=until)

    def does_all(_database: Database, _settings: Settings, _now: datetime) -> int:
        return 2

    account = Account(sqlite_database, Settings(data_dir=tmp_path), "test")
    left = "1 left for later: SN-3 (OverflowError: date value out of range)"
    account.run(Job("evaluate", "to evaluate", 2, leaves_one))
    assert accounted(sqlite_database) == (6, left)
    account.run(Job("evaluate", "to evaluate", 2, does_all))
    assert accounted(sqlite_database) == (2, left)
    time.sleep(max(0.0, (until - datetime.now(UTC)).total_seconds()))
    account.run(Job("evaluate", "to evaluate", 2, does_all))
    assert accounted(sqlite_database) == (2, None)


def accounted(database: Database) -> tuple[int, str | None]:
    with database.reading() as session:
        run = session.get_one(JobRun, "evaluate")
        return run.touched, run.error
