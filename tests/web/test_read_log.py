"""The trail of reads: in the chain soon, in the file at once, and nothing lost when a process dies."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select, update

from tests.build import NOW, PASSWORD, a_pump
from tests.servers import wait_until
from tests.web.conftest import Site
from tracker.actions.audit_verify import verify
from tracker.records.audit import AuditEntry
from tracker.records.database import Database
from tracker.records.staff import BrowserSession
from tracker.web.auditing.read_log import ReadTrail
from tracker.web.auth.user import Person

PERSON = Person(1, "nurse@clinic.example", "Nurse", "nurse", 1, None, "browser", "North", "UTC")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "audit"


def subjects(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(AuditEntry.subject).order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_every_look_at_a_pump_is_in_the_chain_with_who_when_and_what(site_on_both: Site) -> None:
    site = site_on_both
    person = site.person()
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    api = site.api(person=person)
    for part in ("", "/readings", "/visits", "/delivery", "/determinations", "/alarms"):
        assert api.get(f"/api/v1/pumps/SN1{part}").status_code == 200
    assert site.web.trail.flush()
    with site.database.reading() as session:
        entries = session.exec(select(AuditEntry).where(AuditEntry.action == "read")).all()
        assert verify(session).broken_seq is None
    assert [entry.detail["what"] for entry in entries] == [
        "record",
        "readings",
        "visits",
        "delivery",
        "determinations",
        "alarms",
    ]
    assert {(entry.actor, entry.subject, entry.clinic_id) for entry in entries} == {
        (person.email, "pump:SN1", person.clinic_id)
    }


def test_it_reaches_the_chain_by_itself(sqlite_database: Database, folder: Path) -> None:
    trail = ReadTrail(sqlite_database, folder)
    trail.start()
    trail.read(PERSON, "pump:SN1", "record", NOW)
    wait_until(lambda: subjects(sqlite_database), what="the entry")
    trail.stop()
    assert list(folder.iterdir()) == []


def test_stopping_moves_what_is_left(database: Database, folder: Path) -> None:
    trail = ReadTrail(database, folder)
    for number in range(4500):
        trail.read(PERSON, f"pump:{number}", "record", NOW + timedelta(microseconds=number))
    trail.stop()
    assert subjects(database) == [f"pump:{number}" for number in range(4500)]


def test_while_the_database_is_locked_reads_wait_in_the_file_and_no_page_waits(
    sqlite_database: Database, folder: Path
) -> None:
    trail = ReadTrail(sqlite_database, folder)
    with sqlite_database.engine.connect() as other:
        other.exec_driver_sql("PRAGMA busy_timeout=0")
    with sqlite_database.writing():
        trail.start()
        trail.read(PERSON, "pump:SN1", "record", NOW)
        assert trail.waiting == 1
        assert "pump:SN1" in next(folder.iterdir()).read_text()
    wait_until(lambda: subjects(sqlite_database) == ["pump:SN1"], what="the entry after the lock")
    trail.stop()


def reads(site: Site) -> list[AuditEntry]:
    assert site.web.trail.flush()
    with site.database.reading() as session:
        return list(session.exec(select(AuditEntry).where(AuditEntry.action == "read").order_by(AuditEntry.seq)))  # type: ignore[arg-type]


def test_a_page_left_open_for_eight_hours_is_entered_once_an_hour(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    browser = site.browser()
    assert browser.get("/pumps/SN1").status_code == 200
    for _ in range(8 * 6):
        site.clock.forward(minutes=10)
        with site.database.writing() as session:
            session.exec(update(BrowserSession).values(seen_at=site.clock()))
        assert browser.get("/pumps/SN1", headers={"X-Background": "1"}).status_code == 200
    entries = reads(site)
    assert [entry.detail.get("refreshed") for entry in entries] == [None] + [6] * 8
    assert all(entry.subject == "pump:SN1" and entry.detail["what"] == "page" for entry in entries)


def test_calling_itself_a_refresh_hides_no_read_that_was_not_entered(site: Site) -> None:
    nurse = site.person()
    with site.database.writing() as session:
        for serial in ("SN1", "SN2"):
            a_pump(session, site.clinic(), serial=serial)
    first, second = site.browser(person=nurse), site.browser(person=nurse)
    first.get("/pumps/SN1")
    for browser, address in (
        (first, "/pumps/SN1"),  # covered by the click just before
        (first, "/pumps/SN2"),
        (first, "/pumps/SN1/visits"),
        (second, "/pumps/SN1"),
    ):
        assert browser.get(address, headers={"X-Background": "1"}).status_code == 200
    assert [(entry.subject, entry.detail["what"]) for entry in reads(site)] == [
        ("pump:SN1", "page"),
        ("pump:SN2", "page"),
        ("pump:SN1", "visits"),
        ("pump:SN1", "page"),
    ]


def test_every_refresh_is_counted_in_an_entry_with_the_time_of_the_last(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    browser = site.browser()
    browser.get("/pumps/SN1")
    for _ in range(7):
        site.clock.forward(minutes=1)
        browser.get("/pumps/SN1", headers={"X-Background": "1"})
    last = site.clock()
    assert len(reads(site)) == 1
    site.web.trail.stop()
    first, closed = reads(site)
    assert "refreshed" not in first.detail
    assert (closed.subject, closed.at, closed.detail["refreshed"]) == ("pump:SN1", last, 7)
    assert closed.detail["refreshed_last"] == last.isoformat()


def test_a_click_after_refreshes_tells_how_often_the_page_was_fetched_meanwhile(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    browser = site.browser()
    for background in ("0", "1", "1", "0"):
        headers = {"X-Background": "1"} if background == "1" else {}
        browser.get("/pumps/SN1", headers=headers)
    assert [entry.detail.get("refreshed") for entry in reads(site)] == [None, 2]


def test_every_click_and_every_programs_call_is_entered(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic(), serial="SN1")
    browser, program = site.browser(), site.api()
    for _ in range(3):
        browser.get("/pumps/SN1")
        program.get("/api/v1/pumps/SN1", headers={"X-Background": "1"})
    assert [entry.via for entry in reads(site)] == ["browser", "token"] * 3


def test_the_list_of_pumps_is_entered_with_its_filter_and_a_refresh_of_it_once(site: Site) -> None:
    with site.database.writing() as session:
        for unit in ("Pain", "Pain", "Spasticity"):
            a_pump(session, site.clinic(), unit=unit)
    browser = site.browser()
    for address, background in (("/pumps?unit=Pain", "0"), ("/pumps?unit=Pain", "1"), ("/pumps", "0")):
        assert browser.get(address, headers={"X-Background": background}).status_code == 200
    entries = reads(site)
    assert [(entry.subject, entry.detail["what"], entry.detail["count"]) for entry in entries] == [
        ("pumps", "page", 2),
        ("pumps", "page", 3),
    ]
    assert "unit='Pain'" in entries[0].detail["filter"]


def test_the_form_of_a_visit_is_entered_where_the_pump_is_under_emergency_access_too(site: Site) -> None:
    with site.database.writing() as session:
        a_pump(session, site.clinic("South"), serial="SN1")
    nurse = site.browser()
    reason = {"serial": "SN1", "reason": "unconscious in our emergency room", "password": PASSWORD}
    assert nurse.post("/emergency", data=reason).status_code == 303
    assert nurse.get("/pumps/SN1/visits/new").status_code == 200
    assert nurse.post("/pumps/SN1/visits/new", data={"refilled": "yes"}).status_code == 200
    assert [(entry.subject, entry.detail["what"], entry.clinic_id) for entry in reads(site)] == [
        ("pump:SN1", "form of a visit", site.clinic("South").id)
    ] * 2


PROGRAM = """
import os, signal, sys
from datetime import datetime, UTC
from pathlib import Path
from tracker.records.database import Database
from tracker.web.auth.user import Person
from tracker.web.auditing.read_log import ReadTrail
database = Database(sys.argv[1])
trail = ReadTrail(database, Path(sys.argv[2]))
person = Person(1, "nurse@clinic.example", "Nurse", "nurse", 1, None, "browser", "North", "UTC")
for number in range(50):
    trail.read(person, f"pump:{number}", "record", datetime(2026, 11, 22, 10, 0, number, tzinfo=UTC))
    if number == 20:
        trail.flush()
print("written", flush=True)
os.kill(os.getpid(), signal.SIGKILL)
"""


def test_what_a_killed_process_left_is_taken_up_once_by_the_next(sqlite_database: Database, folder: Path) -> None:
    command = [sys.executable, "-c", PROGRAM, str(sqlite_database.url), str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | {"PYTHONPATH": "."})
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert len(subjects(sqlite_database)) == 21
    for _ in range(2):
        trail = ReadTrail(sqlite_database, folder)
        trail.start()
        trail.stop()
    assert subjects(sqlite_database) == [f"pump:{number}" for number in range(50)]
    assert list((folder).iterdir()) == []


def test_a_crash_between_the_commit_and_the_emptying_of_the_file_doubles_nothing(
    sqlite_database: Database, folder: Path
) -> None:
    first = ReadTrail(sqlite_database, folder)
    first.read(PERSON, "pump:SN1", "record", NOW)
    file = next(folder.iterdir())
    content = file.read_bytes()
    first.stop()
    folder.mkdir(exist_ok=True)
    (folder / "reads-1-dead.jsonl").write_bytes(content + b'{"at": "2026-11')
    second = ReadTrail(sqlite_database, folder)
    second.start()
    second.stop()
    assert subjects(sqlite_database) == ["pump:SN1"]


def test_the_file_of_a_living_process_is_left_alone(sqlite_database: Database, folder: Path) -> None:
    living = ReadTrail(sqlite_database, folder)
    living.read(PERSON, "pump:SN1", "record", NOW)
    other = ReadTrail(sqlite_database, folder)
    other.start()
    other.stop()
    assert subjects(sqlite_database) == []
    living.stop()
    assert subjects(sqlite_database) == ["pump:SN1"]


@pytest.mark.parametrize("mode", [0o077])
def test_nobody_else_on_the_machine_reads_the_file(sqlite_database: Database, folder: Path, mode: int) -> None:
    trail = ReadTrail(sqlite_database, folder)
    trail.read(PERSON, "pump:SN1", "record", NOW)
    assert next(folder.iterdir()).stat().st_mode & mode == 0
    trail.stop()
