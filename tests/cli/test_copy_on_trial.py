"""``tracker db verify``: a copy is put back where it harms nobody, checked, and compared with the records."""

from __future__ import annotations

import sqlite3
import tempfile
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from sqlalchemy import text

from tests.build import NOW, a_clinic, a_pump
from tests.cli.test_records import Commands
from tracker.actions.audit import record
from tracker.actions.audit_events import Event
from tracker.actions.verify_backup import DRILL
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.job import JobRun


def with_records(url: str, folder: Path, serial: str = "SN-1") -> Commands:
    """An installation with a pump and three audit entries."""
    commands = Commands(url, folder)
    schema.upgrade(commands.database)
    with commands.database.writing() as session:
        a_pump(session, a_clinic(session), serial=serial)
    enter(commands.database, serial, 3)
    return commands


def enter(database: Database, subject: str, times: int) -> None:
    for number in range(times):
        with database.writing() as session:
            record(
                session,
                actor="nurse@clinic.example",
                clinic_id=None,
                action=Event.RECORD_CHANGED,
                subject=f"pump:{subject}",
                detail={"n": number},
                now=NOW + timedelta(minutes=number),
            )


def drill(database: Database) -> JobRun | None:
    with database.reading() as session:
        return session.get(JobRun, DRILL)


def left_behind(database: Database) -> list[str]:
    """What a trial should have taken away."""
    if database.is_sqlite:
        return [path.name for path in Path(tempfile.gettempdir()).glob("tracker-trial-*/tracker.db") if path.exists()]
    with database.engine.connect() as connection:
        found = connection.execute(text("SELECT datname FROM pg_database WHERE datname ~ '^tracker_trial'"))
        return list(found.scalars())


def test_a_whole_copy_is_said_to_be_fit_and_the_records_are_as_before(database_url: str, tmp_path: Path) -> None:
    commands = with_records(database_url, tmp_path)
    commands.good("db", "backup", str(tmp_path / "copy"))
    enter(commands.database, "SN-1", 2)
    said = commands.good("db", "verify", str(tmp_path / "copy"))
    assert "audit_entry: 3 rows, 5 now\n" in said
    assert "pump: 1 rows, 1 now\n" in said
    assert "can be restored: " in said
    assert "audit trail unbroken to entry 3" in said
    run = drill(commands.database)
    assert run is not None
    assert (run.error, run.succeeded_at) == (None, run.started_at)
    assert run.touched >= 5
    assert left_behind(commands.database) == []
    assert "5 entries" in commands.good("audit", "verify")


def test_a_copy_with_a_changed_audit_trail_is_not_fit_and_the_entry_is_named(sqlite_url: str, tmp_path: Path) -> None:
    commands = with_records(sqlite_url, tmp_path)
    copy = tmp_path / "copy"
    commands.good("db", "backup", str(copy))
    commands.good("db", "verify", str(copy))
    with closing(sqlite3.connect(copy)) as changed:
        changed.execute("DROP TRIGGER audit_entry_refuses_update")
        changed.execute("UPDATE audit_entry SET actor = 'somebody else' WHERE seq = 2")
        changed.commit()
    assert "not fit to be restored: the audit trail is broken at entry 2" in commands.bad("db", "verify", str(copy))
    run = drill(commands.database)
    assert run is not None
    assert "broken at entry 2" in (run.error or "")
    assert run.succeeded_at is not None  # the last copy that was whole
    assert run.succeeded_at < run.started_at


def test_a_copy_of_another_installation_or_of_a_trail_that_went_on_elsewhere_is_found(
    database_url: str, tmp_path: Path
) -> None:
    commands = with_records(database_url, tmp_path)
    commands.good("db", "backup", str(tmp_path / "copy"))
    commands.good("db", "backup", str(tmp_path / "older"))
    enter(commands.database, "SN-1", 1)
    commands.good("db", "backup", str(tmp_path / "newer"))
    commands.good("db", "restore", "--force", str(tmp_path / "older"))
    said = commands.bad("db", "verify", str(tmp_path / "newer"))
    assert "audit_entry has 4 rows in the copy and 3 in the records, where none is ever removed" in said
    enter(commands.database, "SN-OTHER", 1)
    said = commands.bad("db", "verify", str(tmp_path / "newer"))
    assert "its audit trail is not the beginning of that of the records: see entry 4" in said
    commands.good("db", "verify", str(tmp_path / "copy"))


def test_a_file_that_is_no_copy_is_said_and_leaves_nothing_behind(database_url: str, tmp_path: Path) -> None:
    commands = with_records(database_url, tmp_path)
    (tmp_path / "copy").write_bytes(b"no copy" * 1000)
    said = commands.bad("db", "verify", str(tmp_path / "copy"))
    assert ("is not a sound SQLite copy" if commands.database.is_sqlite else "pg_restore failed") in said
    assert left_behind(commands.database) == []
    run = drill(commands.database)
    assert run is not None
    assert run.error
    assert run.succeeded_at is None


def test_where_there_are_no_records_the_copy_is_tried_without_a_comparison(sqlite_url: str, tmp_path: Path) -> None:
    with_records(sqlite_url, tmp_path).good("db", "backup", str(tmp_path / "copy"))
    elsewhere = Commands(f"sqlite:///{tmp_path / 'elsewhere.db'}", tmp_path)
    said = elsewhere.good("db", "verify", str(tmp_path / "copy"))
    assert "audit_entry: 3 rows\n" in said
    assert "compared with nothing" in said


def test_a_role_that_may_make_no_database_is_told_what_it_takes(postgres_url: str, tmp_path: Path) -> None:
    commands = with_records(postgres_url, tmp_path)
    commands.good("db", "backup", str(tmp_path / "copy"))
    name = f"little_{commands.database.url.database}"
    with commands.database.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {name} LOGIN"))
        connection.execute(text(f"GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA public TO {name}"))
    commands.environment["TRACKER_DATABASE_URL"] = postgres_url.replace("tracker@", f"{name}@")
    said = commands.bad("db", "verify", str(tmp_path / "copy"))
    assert "a database for the trial can't be made" in said
    assert "CREATEDB" in said


def test_the_trial_writes_nothing_into_the_copy(sqlite_url: str, tmp_path: Path) -> None:
    commands = with_records(sqlite_url, tmp_path)
    commands.good("db", "backup", str(tmp_path / "copy"))
    before = (tmp_path / "copy").read_bytes()
    commands.good("db", "verify", str(tmp_path / "copy"))
    assert (tmp_path / "copy").read_bytes() == before
