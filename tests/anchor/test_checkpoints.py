"""A trail that was rewritten by somebody who owns the database is found by its checkpoints, with the entry."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import text
from sqlmodel import select

from tests.build import NOW
from tests.cli.test_records import Commands, Done
from tests.servers import wait_until
from tracker.actions.audit import FIRST, digest_of, record
from tracker.actions.audit_verify import verify
from tracker.records.audit import AuditEntry
from tracker.records.database import Database


class Clinic:
    """A database with an audit trail, and the ``tracker audit`` command."""

    def __init__(self, database: Database, folder: Path) -> None:
        self.database = database
        self.file = folder / "elsewhere" / "checkpoints.jsonl"
        self._commands = Commands(database.url.render_as_string(hide_password=False), folder)
        self.environment = {
            "TRACKER_DATABASE_URL": database.url.render_as_string(hide_password=False),
            "TRACKER_DATA_DIR": str(folder / "data"),
            "TRACKER_AUDIT_DIR": str(self.file.parent),
        }

    def audit(self, *words: str) -> Done:
        self._commands.environment = self.environment
        return self._commands.run("audit", *words)

    def anchored(self) -> str:
        done = self.audit("anchor")
        assert done.returncode == 0, done.stderr
        return done.stdout

    def verified(self, *words: str) -> tuple[object, str]:
        done = self.audit("verify", "--anchors", str(self.file), *words)
        return done.returncode, done.stdout + done.stderr

    def enter(self, count: int, actor: str = "nurse@clinic.example") -> None:
        with self.database.writing() as session:
            for _ in range(count):
                record(session, actor=actor, clinic_id=1, action="read", subject="pump:SN1", detail={}, now=NOW)

    def as_its_owner(self, statement: str) -> None:
        """Change the trail as the owner of the database can: the guards are taken off first."""
        with self.database.writing() as session:
            connection = session.connection()
            if self.database.is_sqlite:
                for name in ("update", "delete"):
                    connection.execute(text(f"DROP TRIGGER IF EXISTS audit_entry_refuses_{name}"))
            else:
                connection.execute(text("ALTER TABLE audit_entry DISABLE TRIGGER USER"))
            connection.execute(text(statement))

    def remade_from(self, seq: int) -> None:
        """Change an entry and give it and each later one the digest that fits."""
        self.as_its_owner(f"UPDATE audit_entry SET actor = 'somebody@else.example' WHERE seq = {seq:d}")
        with self.database.writing() as session:
            previous = FIRST
            for entry in session.exec(select(AuditEntry).order_by(text("seq"))):
                entry.previous = previous
                previous = entry.digest = digest_of(entry)
                session.add(entry)


@pytest.fixture
def clinic(database: Database, tmp_path: Path) -> Clinic:
    made = Clinic(database, tmp_path)
    made.enter(7)
    made.anchored()
    made.enter(5)
    made.anchored()
    return made


ATTACKS = [
    ("DELETE FROM audit_entry WHERE seq > 9", 10, "ends before entry 12"),
    ("DELETE FROM audit_entry", 1, "ends before entry 12"),
    (5, 5, "rewritten from this entry on"),
    (12, 12, "rewritten from this entry on"),
]


@pytest.mark.parametrize(("attack", "seq", "because"), ATTACKS)
def test_a_cut_end_an_emptied_table_and_a_chain_made_again_are_found_with_the_entry(
    clinic: Clinic, attack: str | int, seq: int, because: str
) -> None:
    assert clinic.verified()[0] == 0
    if isinstance(attack, int):
        clinic.remade_from(attack)
    else:
        clinic.as_its_owner(attack)
    with clinic.database.reading() as session:
        assert verify(session).broken_seq is None  # the chain alone can't tell
    status, said = clinic.verified()
    assert (status, f"entry {seq} is broken" in said, because in said) == (1, True, True), said


def test_what_is_newer_than_the_last_checkpoint_is_said(clinic: Clinic) -> None:
    clinic.enter(3)
    status, said = clinic.verified()
    assert status == 0
    assert "15 entries, unbroken" in said
    assert "hold up to entry 12" in said
    assert "3 entries are newer" in said


def test_a_trail_cut_and_grown_again_gets_no_checkpoint(clinic: Clinic) -> None:
    clinic.as_its_owner("DELETE FROM audit_entry WHERE seq > 9")
    clinic.enter(6, actor="other@clinic.example")
    before = clinic.file.read_text()
    done = clinic.audit("anchor")
    assert done.returncode == 1
    assert "entry 12 of the audit trail is not the one" in done.stderr
    assert clinic.file.read_text() == before
    assert clinic.verified() == (1, clinic.verified()[1])
    assert "entry 10 is broken" in clinic.verified()[1]


@pytest.mark.parametrize("change", ["digest", "seq", "at", "marks", "line", "other key"])
def test_a_checkpoint_that_was_changed_forged_or_taken_out_is_named(
    sqlite_database: Database, tmp_path: Path, change: str
) -> None:
    clinic = Clinic(sqlite_database, tmp_path)
    for _ in range(3):
        clinic.enter(2)
        clinic.anchored()
    lines = [json.loads(line) for line in clinic.file.read_text().splitlines()]
    match change:
        case "line":
            del lines[1]
        case "other key":
            other = Clinic(sqlite_database, tmp_path / "attacker")
            other.anchored()
            lines[1] = json.loads(other.file.read_text())
        case "marks":
            lines[1]["marks"] = "0" * 24
        case "seq":
            lines[1]["seq"] = 3
        case _:
            lines[1][change] = lines[0][change]
    clinic.file.write_text("".join(json.dumps(line) + "\n" for line in lines))
    status, said = clinic.verified()
    assert status == 1
    assert f"line 2 of {clinic.file} does not hold" in said


def test_a_long_trail_has_a_checkpoint_for_each_thousand_and_a_line_cut_short_is_taken_off(
    sqlite_database: Database, tmp_path: Path
) -> None:
    clinic = Clinic(sqlite_database, tmp_path)
    clinic.enter(2300)
    assert "checkpoint of entry 2300" in clinic.anchored()
    assert [json.loads(line)["seq"] for line in clinic.file.read_text().splitlines()] == [1000, 2000, 2300]
    with clinic.file.open("a") as file:
        file.write('{"seq": 2301, "dig')  # as a process killed while it writes leaves it
    clinic.enter(1)
    clinic.anchored()
    assert clinic.verified()[0] == 0
    assert "nothing was entered" in clinic.anchored()


def test_the_key_is_its_owners_alone_and_verifying_needs_the_public_half_alone(clinic: Clinic, tmp_path: Path) -> None:
    folder = clinic.file.parent
    assert (folder / "anchor.key").stat().st_mode & 0o077 == 0
    assert clinic.file.stat().st_mode & 0o077 == 0
    public = tmp_path / "noted.pub"
    (folder / "anchor.pub").rename(public)
    (folder / "anchor.key").unlink()
    status, said = clinic.verified()
    assert status == 1
    assert "--public-key" in said
    assert clinic.verified("--public-key", str(public))[0] == 0


def test_syslog_has_the_checkpoints_and_shows_what_the_cut_file_does_not(
    sqlite_database: Database, tmp_path: Path
) -> None:
    clinic = Clinic(sqlite_database, tmp_path)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as daemon:
        daemon.bind(("127.0.0.1", 0))
        daemon.settimeout(20)
        clinic.environment["TRACKER_AUDIT_SYSLOG"] = f"127.0.0.1:{daemon.getsockname()[1]}"
        log = tmp_path / "auth.log"
        with log.open("w") as written:
            for _ in range(2):
                clinic.enter(4)
                clinic.anchored()
                said = re.sub(r"^<\d+>", "", daemon.recv(65536).decode().rstrip("\0"))
                written.write(f"Nov 27 12:00:00 host {said}\n")
        clinic.as_its_owner("DELETE FROM audit_entry WHERE seq > 4")
        clinic.file.write_text(clinic.file.read_text().splitlines(keepends=True)[0])  # the owner of both cut both
        assert clinic.verified()[0] == 0
        status, said = clinic.verified("--anchors", str(log))
        assert (status, "entry 5 is broken" in said) == (1, True), said
        clinic.as_its_owner("DELETE FROM audit_entry")
        assert clinic.audit("anchor").returncode == 1
        assert "audit trail rewritten" in daemon.recv(65536).decode()


def test_syslog_that_is_not_there_holds_nothing_up(sqlite_database: Database, tmp_path: Path) -> None:
    clinic = Clinic(sqlite_database, tmp_path)
    clinic.environment["TRACKER_AUDIT_SYSLOG"] = str(tmp_path / "no-socket")
    clinic.enter(1)
    assert "checkpoint of entry 1" in clinic.anchored()


def test_the_process_goes_on_making_checkpoints_and_its_health_tells_of_a_rewriting(
    database: Database, tmp_path: Path
) -> None:
    clinic = Clinic(database, tmp_path)
    clinic.enter(2)
    assert clinic.audit("seen").returncode == 1
    command = [sys.executable, "-m", "tracker.cli.main", "audit", "anchor", "--every", "1"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=os.environ | clinic.environment, stderr=log)
    try:
        wait_until(lambda: clinic.file.exists() and '"seq": 2,' in clinic.file.read_text(), what="a first checkpoint")
        clinic.enter(1)
        wait_until(lambda: '"seq": 3,' in clinic.file.read_text(), what="a second checkpoint")
        assert clinic.audit("seen").returncode == 0
        clinic.as_its_owner("DELETE FROM audit_entry WHERE seq > 1")
        wait_until(lambda: b"no new checkpoint" in (tmp_path / "log").read_bytes(), what="the error in the log")
        wait_until(lambda: clinic.audit("seen", "--within", "2").returncode == 1, what="the health check to fail")
    finally:
        process.terminate()
        assert process.wait(20) == 0
