"""The trail of reads when something fails: nothing ends, nothing is lost, no line of the file is spoiled."""

from __future__ import annotations

import errno
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from sqlmodel import Session, col, select

from tests.build import NOW, a_clinic, a_person
from tests.servers import wait_until
from tracker.records.audit import AuditEntry
from tracker.records.database import Database
from tracker.records.staff import BrowserSession
from tracker.web.auditing.read_log import ReadTrail
from tracker.web.auth.user import Person

PERSON = Person(1, "nurse@clinic.example", "Nurse", "nurse", 1, None, "browser", "North", "UTC")


def subjects(database: Database) -> list[str]:
    with database.reading() as session:
        return list(session.exec(select(AuditEntry.subject).order_by(col(AuditEntry.seq))))


class OutOfOrder(Database):
    """A database that fails in a way that is not the database driver's, as often as it is told to."""

    failures = 0

    @contextmanager
    def writing(self) -> Iterator[Session]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EIO, "Input/output error")
        with super().writing() as session:
            yield session


def test_a_fault_of_whatever_kind_ends_nothing_and_the_reads_and_last_clicks_are_entered_after_it(
    sqlite_database: Database, tmp_path: Path
) -> None:
    opened = OutOfOrder(sqlite_database.url.render_as_string(hide_password=False))
    with opened.writing() as session:
        person = a_person(session, a_clinic(session))
        later = NOW + timedelta(days=1)
        session.add(
            BrowserSession(
                digest="d" * 64, staff_id=person.id or 0, csrf="c", created_at=NOW, seen_at=NOW, expires_at=later
            )
        )
    trail = ReadTrail(opened, tmp_path / "audit")
    trail.start()
    opened.failures = 3
    trail.session_seen("d" * 64, NOW + timedelta(minutes=1))
    trail.read(PERSON, "pump:SN1", "record", NOW)
    wait_until(lambda: subjects(sqlite_database) == ["pump:SN1"], 60, "the read, after the faults")
    assert opened.failures == 0
    with sqlite_database.reading() as session:
        assert session.get_one(BrowserSession, "d" * 64).seen_at == NOW + timedelta(minutes=1)
    trail.stop()
    opened.close()


def test_on_a_full_disk_a_page_is_refused_and_no_line_of_the_file_is_spoiled(
    sqlite_database: Database, small_disk: Path
) -> None:
    trail = ReadTrail(sqlite_database, small_disk / "audit")
    trail.read(PERSON, "pump:SN1", "record", NOW)
    ballast = small_disk / "ballast"
    room = os.statvfs(small_disk)
    with ballast.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, room.f_bavail * room.f_frsize)
    entered, refused = ["pump:SN1"], 0
    for number in range(60):  # past the end of the file's last block
        try:
            trail.read(PERSON, f"pump:{number}", "record", NOW + timedelta(seconds=number))
            entered.append(f"pump:{number}")
        except OSError:
            refused += 1
    assert refused
    ballast.unlink()
    trail.read(PERSON, "pump:SN2", "record", NOW)
    [left] = (small_disk / "audit").iterdir()
    assert [json.loads(line)["subject"] for line in left.read_text().splitlines()] == [*entered, "pump:SN2"]
    assert trail.flush()
    assert subjects(sqlite_database) == [*entered, "pump:SN2"], "what was refused was not seen"
    trail.stop()
