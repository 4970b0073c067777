"""``tracker programmers``."""

from __future__ import annotations

from pathlib import Path

from sqlmodel import col, select

from tests.cli.test_records import Commands
from tracker.records import schema
from tracker.records.audit import AuditEntry


def test_the_clinics_programmers_are_named_listed_and_dropped_and_each_step_is_in_the_trail(
    sqlite_url: str, tmp_path: Path
) -> None:
    command = Commands(sqlite_url, tmp_path)
    schema.upgrade(command.database)
    assert command.run("staff", "add", "admin@north.example", "--role", "administrator").returncode in {0, None}
    for name in ("A810-2", "A810-1"):
        assert command.run("programmers", "add", name).returncode in {0, None}
    assert command.run("programmers", "list").stdout.split() == ["A810-1", "A810-2"]
    refused = command.run("programmers", "add", "A810-1")
    assert refused.returncode == 1
    assert "on the list already" in refused.stderr
    assert command.run("programmers", "drop", "A810-1").returncode in {0, None}
    assert command.run("programmers", "list").stdout.split() == ["A810-2"]
    with command.database.reading() as session:
        entered = [entry.action for entry in session.exec(select(AuditEntry).order_by(col(AuditEntry.seq)))]
    assert entered[-3:] == ["programmer.named", "programmer.named", "programmer.dropped"]
    command.database.close()
