"""The demo's clinic over several starts: the same database, another one, and starts that were cut off."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlmodel import col, select

from tests.build import a_visit
from tracker.broker.credentials import fits
from tracker.cli.demo.clinic import NURSE, DemoClinic
from tracker.errors import StartupFault
from tracker.records import schema
from tracker.records.credential import active_credentials
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.records.queries.serial_lookup import pumps_by_serial
from tracker.records.staff import staff_by_email
from tracker.records.visit import Visit
from tracker.settings import Settings


@pytest.fixture
def other_database(tmp_path: Path) -> Iterator[Database]:
    opened = Database(f"sqlite:///{tmp_path / 'other.db'}")
    schema.upgrade(opened)
    yield opened
    opened.close()


def clinic(folder: Path, database: Database) -> DemoClinic:
    return DemoClinic(Settings(data_dir=folder), database, pumps=12, years=0.05, seed=1)


def all_may_sign_in(folder: Path, database: Database) -> bool:
    """Whether the database knows the nurse, and every communicator by the password in the folder."""
    with database.reading() as session:
        hashes = {one.username: one.bcrypt_hash for one in active_credentials(session)}
        known = staff_by_email(session, NURSE) is not None
    with (folder / "clinic" / "credentials.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return known and len(rows) >= 12 and all(fits(row["password"], hashes[row["username"]]) for row in rows)


def test_a_second_start_enrols_nobody_again(tmp_path: Path, sqlite_database: Database) -> None:
    first = clinic(tmp_path, sqlite_database).enrol_if_new()
    issued = (tmp_path / "clinic" / "credentials.csv").read_text()
    assert clinic(tmp_path, sqlite_database).enrol_if_new() == first
    assert (tmp_path / "clinic" / "credentials.csv").read_text() == issued
    assert all_may_sign_in(tmp_path, sqlite_database)


def test_a_start_that_was_killed_before_its_commit_is_followed_by_one_that_works(
    tmp_path: Path, sqlite_database: Database, other_database: Database
) -> None:
    clinic(tmp_path, other_database).enrol_if_new()  # leaves in the folder what a kill before the commit leaves
    clinic(tmp_path, sqlite_database).enrol_if_new()
    assert all_may_sign_in(tmp_path, sqlite_database)


def test_a_folder_whose_history_went_to_another_database_is_refused_with_what_to_set(
    tmp_path: Path, sqlite_database: Database, other_database: Database
) -> None:
    clinic(tmp_path / "a", sqlite_database).enrol_if_new()
    (tmp_path / "a" / "clinic" / "journal").mkdir()  # as soon as the simulators have begun
    with pytest.raises(StartupFault, match=r"/a/clinic .*TRACKER_DATABASE_URL.* TRACKER_DATA_DIR"):
        clinic(tmp_path / "a", other_database).enrol_if_new()
    clinic(tmp_path / "b", other_database).enrol_if_new()  # whose nurse and pumps have the same names
    with pytest.raises(StartupFault, match=r"/a/clinic .*TRACKER_DATABASE_URL.* TRACKER_DATA_DIR"):
        clinic(tmp_path / "a", other_database).enrol_if_new()
    clinic(tmp_path / "a", sqlite_database).enrol_if_new()
    assert all_may_sign_in(tmp_path / "a", sqlite_database)


def test_a_database_with_the_demo_of_another_folder_is_refused_with_what_to_set(
    tmp_path: Path, sqlite_database: Database
) -> None:
    clinic(tmp_path / "a", sqlite_database).enrol_if_new()
    with pytest.raises(StartupFault, match=r"not in .*/b/clinic: set TRACKER_DATA_DIR"):
        clinic(tmp_path / "b", sqlite_database).enrol_if_new()


def test_what_sessions_of_the_past_programmed_is_in_the_record_and_what_is_new_waits_for_a_person(
    tmp_path: Path, sqlite_database: Database
) -> None:
    now = datetime.now(UTC)
    demo = clinic(tmp_path, sqlite_database)
    demo.enrol_if_new()
    with sqlite_database.writing() as session:
        pump = session.exec(select(Pump).where(col(Pump.explanted_on).is_(None))).first()
        assert pump is not None
        for days, dose in ((400, "180 mcg/day"), (200, "240 mcg/day"), (1, "260 mcg/day")):
            a_visit(
                session,
                pump,
                status="draft",
                performed_at=now - timedelta(days=days),
                confirmed_by=None,
                confirmed_at=None,
                prescription_after={
                    "drug": pump.drug,
                    "concentration": pump.concentration,
                    "unit": pump.concentration_unit,
                    "dose_per_day": dose,
                },
            )
        serial = pump.serial
    demo.settle_history()
    with sqlite_database.reading() as session:
        kept = pumps_by_serial(session, [serial])[serial]
        visits = session.exec(select(Visit).where(Visit.pump_id == kept.id).order_by(col(Visit.performed_at)))
        assert [visit.status for visit in visits] == ["confirmed", "confirmed", "draft"]
        assert kept.dose_per_day == "240 mcg/day"
