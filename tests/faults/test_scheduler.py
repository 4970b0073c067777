"""Schedulers that hang, are killed, or whose clock is set: somebody leads, and the jobs get done."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import Session

from tests.build import a_clinic, a_pump, a_state
from tests.servers import binary, pgbouncer, wait_until
from tracker.records.database import Database
from tracker.records.job import LEADS, JobRun, workers
from tracker.records.lease import Lease
from tracker.records.pump import PumpState
from tracker.schedule.leader import LEASE

TRACKER = str(Path(sys.executable).parent / "tracker")


@pytest.fixture(params=["sqlite", "postgresql", "pooled"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """A database of each kind in turn, with the whole schema; the last by way of PgBouncer in transaction mode."""
    if request.param != "pooled":
        yield request.getfixturevalue("sqlite_database" if request.param == "sqlite" else "postgres_database")
        return
    direct: Database = request.getfixturevalue("postgres_database")
    with pgbouncer(request.getfixturevalue("postgres")) as port:
        pooled = Database(direct.url.set(port=port).render_as_string(hide_password=False))
        yield pooled
        pooled.close()


@contextmanager
def scheduler(database: Database, folder: Path, **more: str) -> Iterator[subprocess.Popen[bytes]]:
    """One ``tracker schedule``; killed at the end, whatever became of it."""
    given = {
        "TRACKER_DATABASE_URL": database.url.render_as_string(hide_password=False),
        "TRACKER_DATA_DIR": str(folder),
        **more,
    }
    process = subprocess.Popen([TRACKER, "schedule"], env={**os.environ, **given})
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def leader(database: Database) -> int | None:
    """The number of the process that holds the lease, once it said that it works."""
    with database.reading() as session:
        held = session.get(Lease, LEASE)
        said = {one.name for one in workers(session, "schedule") if one.detail == LEADS}
    number = None if held is None or not held.holder else int(held.holder.rpartition(" ")[2])
    return number if any(f":{number}:" in name for name in said) else None


def roles(database: Database) -> list[str]:
    """What each scheduler said last that it does."""
    with database.reading() as session:
        return [one.detail for one in workers(session, "schedule")]


def due_pump(session: Session) -> int:
    """A pump that waits to be evaluated."""
    pump = a_pump(session, a_clinic(session))
    a_state(session, pump, evaluate_at=datetime.now(UTC))
    return pump.id or 0


def evaluated(database: Database, pump_id: int) -> bool:
    with database.reading() as session:
        due = session.get_one(PumpState, pump_id).evaluate_at
    return due is None or due > datetime.now(UTC)


def stop_between_writes(process: subprocess.Popen[bytes], database: Database) -> None:
    """Stop it while this test writes: SQLite lets nobody write while a process stands still inside a write."""
    with database.writing() as session:
        session.connection()
        process.send_signal(signal.SIGSTOP)
        state = Path(f"/proc/{process.pid}/stat")
        wait_until(lambda: state.read_text().rpartition(")")[2].split()[0] == "T", 20, "it to stand still")


def test_a_leader_that_hangs_is_replaced_and_writes_nothing_when_it_wakes(database: Database, tmp_path: Path) -> None:
    with ExitStack() as running:
        both = [running.enter_context(scheduler(database, tmp_path)) for _ in range(2)]
        wait_until(lambda: leader(database), 60, "one to lead")
        wait_until(lambda: len(roles(database)) == 2, 60, "both to say what they do")
        assert sorted(roles(database)) == sorted([LEADS, "standing by"])
        first = next(one for one in both if one.pid == leader(database))
        second = next(one for one in both if one is not first)
        stop_between_writes(first, database)
        wait_until(lambda: leader(database) == second.pid, 60, "the other to lead")
        with database.writing() as session:
            pump_id = due_pump(session)
        wait_until(lambda: evaluated(database, pump_id), 60, "the pump's evaluation by the new leader")
        first.send_signal(signal.SIGCONT)

        def stands_by() -> bool:
            with database.reading() as session:
                said = [one.detail for one in workers(session, "schedule") if f":{first.pid}:" in one.name]
            return said == ["standing by"]

        wait_until(stands_by, 60, "the one that woke to stand by")
        assert leader(database) == second.pid
        with database.reading() as session:
            assert all(f":{second.pid}:" in run.leader for run in [session.get_one(JobRun, "evaluate")])


def test_a_leader_that_was_killed_on_the_same_machine_is_replaced_without_waiting(
    database: Database, tmp_path: Path
) -> None:
    with scheduler(database, tmp_path) as first:
        wait_until(lambda: leader(database) == first.pid, 60, "the first to lead")
    with database.reading() as session:
        before = session.get_one(Lease, LEASE).fence
    with scheduler(database, tmp_path) as second:
        wait_until(lambda: leader(database) == second.pid, 60, "the second to lead")
    with database.reading() as session:
        assert session.get_one(Lease, LEASE).fence == before + 1


@pytest.mark.needs("faketime")
@pytest.mark.parametrize("step", ["-3600", "+3600"])
def test_jobs_go_on_after_the_clock_was_set(sqlite_database: Database, tmp_path: Path, step: str) -> None:
    clock = tmp_path / "clock"
    clock.write_text("+0")
    library = next(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1"), None) or binary("faketime")
    fake = {
        "LD_PRELOAD": str(library),
        "FAKETIME_TIMESTAMP_FILE": str(clock),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "DONT_FAKE_MONOTONIC": "1",
    }

    def runs_since(moment: datetime) -> int:
        with sqlite_database.reading() as session:
            runs = [session.get(JobRun, name) for name in ("evaluate", "silence", "alarms")]
        return sum(one is not None and (one.succeeded_at or moment) > moment for one in runs)

    with scheduler(sqlite_database, tmp_path, **fake) as process:
        began = datetime(2000, 1, 1, tzinfo=UTC)
        wait_until(lambda: runs_since(began) == 3, 60, "every job's first run")
        with sqlite_database.writing() as session:
            for run in (session.get_one(JobRun, name) for name in ("evaluate", "silence", "alarms")):
                run.succeeded_at = None
        clock.write_text(step)
        wait_until(lambda: runs_since(began) == 3, 60, "every job's run after the clock was set")
        assert process.poll() is None
    with sqlite_database.reading() as session:
        told = session.get_one(JobRun, "evaluate").succeeded_at
    assert told is not None
    assert abs((told - datetime.now(UTC)).total_seconds() - int(step)) < 300
