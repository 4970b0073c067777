"""``tracker db`` as an operator uses it, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect, text
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


@pytest.mark.parametrize("part", [0.0, 0.5, 0.9])
def test_a_broken_copy_is_refused_and_the_records_stay(database: Database, tmp_path: Path, part: float) -> None:
    add_pump(database, "A")
    copies.backup(database, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "copy").write_bytes(whole[: int(len(whole) * part)] + b"not a database" * 1000)
    add_pump(database, "B")
    for _ in range(2):
        with pytest.raises(StartupFault, match=r"not a sound|pg_restore failed"):
            copies.restore(database, tmp_path / "copy", force=True)
        assert serials(database) == ["A", "B"]


def test_a_restore_that_was_cut_off_is_finished_by_the_next_one(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    add_pump(database, "A")
    copies.backup(database, tmp_path / "copy")
    with database.engine.begin() as connection:
        connection.execute(text("ALTER SCHEMA public RENAME TO before_restore"))
        connection.execute(text("CREATE SCHEMA public"))
    copies.restore(database, tmp_path / "copy", force=False)
    assert serials(database) == ["A"]
    with database.engine.begin() as connection:
        assert "before_restore" not in inspect(connection).get_schema_names()
        connection.execute(text("CREATE SCHEMA before_restore"))
    with pytest.raises(StartupFault, match="before_restore"):
        copies.restore(database, tmp_path / "copy", force=True)
    assert serials(database) == ["A"]
    database.close()


def test_an_empty_database_is_told_to_upgrade(sqlite_url: str) -> None:
    with pytest.raises(StartupFault, match="tracker db upgrade"):
        schema.require_current(Database(sqlite_url))
