"""``tracker db`` as an operator uses it, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from tracker.errors import StartupFault
from tracker.records import copies, schema
from tracker.records.database import Database
from tracker.records.pump import Clinic, Pump

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def add_pump(database: Database, serial: str) -> None:
    with database.writing() as session:
        clinic = session.exec(select(Clinic)).first() or Clinic(name="North", created_at=MOMENT)
        session.add(clinic)
        session.flush()
        session.add(Pump(clinic_id=clinic.id or 0, serial=serial, model="synchromed-ii-20", created_at=MOMENT))


def serials(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.exec(select(Pump.serial)))


def test_a_copy_brings_back_what_was_there_when_it_was_taken(database: Database, tmp_path: Path) -> None:
    add_pump(database, "A")
    assert copies.backup(database, tmp_path / "copy") > 0
    add_pump(database, "B")
    with pytest.raises(StartupFault, match="--force"):
        copies.restore(database, tmp_path / "copy", force=False)
    copies.restore(database, tmp_path / "copy", force=True)
    assert serials(database) == ["A"]
    assert schema.current_revision(database) == schema.newest_revision()


def test_a_backup_never_overwrites_a_file(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(StartupFault, match="never overwrites"):
        copies.backup(sqlite_database, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


def test_something_else_than_a_copy_is_refused_and_the_records_stay(sqlite_database: Database, tmp_path: Path) -> None:
    add_pump(sqlite_database, "A")
    (tmp_path / "copy").write_bytes(b"not a database" * 1000)
    with pytest.raises(StartupFault, match="not a sound"):
        copies.restore(sqlite_database, tmp_path / "copy", force=True)
    assert serials(sqlite_database) == ["A"]


def test_an_empty_database_is_told_to_upgrade(sqlite_url: str) -> None:
    with pytest.raises(StartupFault, match="tracker db upgrade"):
        schema.require_current(Database(sqlite_url))
