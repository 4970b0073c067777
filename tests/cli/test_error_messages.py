"""A mistake in the settings, the files or the database is one sentence, never a traceback."""

from __future__ import annotations

import contextlib
import os
import pty
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_records import Commands
from tests.servers import free_port
from tracker.cli.error_messages import worded
from tracker.cli.process_setup import require_free_port
from tracker.errors import StartupFault


@pytest.mark.parametrize(
    ("setting", "value", "said"),
    [
        ("TRACKER_WEB_PORT", "abc", "TRACKER_WEB_PORT: input should be a valid integer"),
        ("TRACKER_BROKER_PORT", "70000", "TRACKER_BROKER_PORT: input should be less than"),
        ("TRACKER_DATABASE_URL", "garbage", "TRACKER_DATABASE_URL is no database URL"),
        ("TRACKER_DATABASE_URL", "mysql://clinic/x", "only sqlite and postgresql"),
        ("TRACKER_DATABASE_URL", "postgresql://a:secret@127.0.0.1:1/x", "the database can't be used: connection fail"),
        ("TRACKER_DATABASE_URL", "sqlite:////", "the database can't be used: unable to open database file"),
        ("TRACKER_DATABASE_URL", "sqlite:////dev/null/x.db", "/dev/null"),
        ("TRACKER_DATA_DIR", "/dev/null", "/dev/null: "),
    ],
)
def test_a_setting_that_can_not_be_is_said_in_one_sentence(
    sqlite_url: str, tmp_path: Path, setting: str, value: str, said: str
) -> None:
    commands = Commands(sqlite_url, tmp_path)
    commands.environment |= {setting: value}
    if setting == "TRACKER_DATA_DIR":
        commands.environment["TRACKER_DATABASE_URL"] = ""
    sentence = commands.bad("pumps", "list")
    assert said in sentence
    assert "secret" not in sentence


def test_a_file_that_is_no_database_is_said(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("no database\n" * 100)
    commands = Commands(f"sqlite:///{file}", tmp_path)
    assert "file is not a database" in commands.bad("db", "upgrade")
    assert "does not answer" in commands.bad("db", "check")


def test_a_copy_that_can_not_be_made_or_put_back_is_said(small_disk: Path, tmp_path: Path) -> None:
    commands = Commands(f"sqlite:///{tmp_path / 'tracker.db'}", tmp_path)
    assert "there is no database at" in commands.bad("db", "backup", str(tmp_path / "copy"))
    assert not (tmp_path / "tracker.db").exists()
    commands.good("db", "upgrade")
    assert "/dev/null" in commands.bad("db", "backup", "/dev/null/copy")
    commands.good("db", "backup", str(tmp_path / "copy"))
    (small_disk / "ballast").write_bytes(b"x" * (12 * 1024**2 - 100_000))
    assert "the database or its copy can't be used" in commands.bad("db", "backup", str(small_disk / "copy"))
    full = Commands(f"sqlite:///{small_disk / 'tracker.db'}", tmp_path)
    assert "can't be used" in full.bad("db", "restore", "--force", str(tmp_path / "copy"))


def test_a_fault_of_the_program_itself_is_not_put_in_other_words() -> None:
    assert worded(KeyError("x")) is None
    assert worded(ValueError("x")) is None


LOGS = """
import structlog
from tracker.cli.log_format import set_up_logging

def connect():
    password = "a secret of " + "twenty letters"
    raise RuntimeError("no way in")

set_up_logging()
try:
    connect()
except RuntimeError:
    structlog.get_logger().exception("a turn failed")
"""


def test_a_traceback_on_a_terminal_shows_no_values(tmp_path: Path) -> None:
    ours, theirs = pty.openpty()
    (tmp_path / "logs.py").write_text(LOGS)
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, str(tmp_path / "logs.py")], stderr=theirs, env=environment, check=True)
    os.close(theirs)
    said = ""
    with contextlib.suppress(OSError):  # Linux's word for the end of a terminal
        while piece := os.read(ours, 65_536).decode():
            said += piece
    os.close(ours)
    assert "RuntimeError: no way in" in said
    assert "a secret of twenty letters" not in said


def test_an_address_that_is_none_of_this_machine_asks_for_another_address_and_a_taken_port_for_another_port() -> None:
    with pytest.raises(StartupFault, match="TRACKER_WEB_HOST to an address of this machine"):
        require_free_port("192.0.2.1", free_port(), what="the pages", setting="TRACKER_WEB_PORT")
    with socket.create_server(("127.0.0.1", 0)) as taken, pytest.raises(StartupFault, match="WEB_PORT to another port"):
        require_free_port("127.0.0.1", taken.getsockname()[1], what="the pages", setting="TRACKER_WEB_PORT")
