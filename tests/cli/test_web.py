"""``tracker web`` as a process: a taken port is said, and it ends promptly under an open page."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from tests.servers import end, free_port, wait_until
from tracker.actions.staff.add_staff import add_clinic, add_staff
from tracker.actions.staff.issue_token import issue_token
from tracker.records import schema
from tracker.records.database import Database
from tracker.web.app_state import utc_now


def start(folder: Path, port: int, *words: str, **settings: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "tracker.cli.main", *(words or ("web",))],
        env=os.environ | {"TRACKER_DATA_DIR": str(folder), "TRACKER_WEB_PORT": str(port)} | settings,
        stderr=subprocess.PIPE,
        text=True,
    )


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/health/live").status_code == 200
    except httpx.HTTPError:
        return False


def test_a_taken_port_is_one_sentence_that_names_the_setting(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        done = start(tmp_path, taken.getsockname()[1])
        _, said = done.communicate(timeout=60)
    assert done.returncode == 1
    assert said.count("\n") == 1
    assert "TRACKER_WEB_PORT" in said


@pytest.mark.parametrize("words", [("web",), ("serve",), ("demo",)])
@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("TRACKER_SECRET_KEY", "of 31 characters, one too few.."),
        ("TRACKER_WEB_HOST", "0.0.0.0"),
        ("TRACKER_PROXIES", "x"),
    ],
)
def test_pages_that_would_not_be_safe_do_not_start_and_the_sentence_names_the_setting(
    tmp_path: Path, words: tuple[str, ...], name: str, value: str
) -> None:
    host = {} if name == "TRACKER_WEB_HOST" else {"TRACKER_WEB_HOST": "0.0.0.0"}
    done = start(tmp_path, free_port(), *words, **{name: value}, **host)
    _, said = done.communicate(timeout=60)
    assert done.returncode == 1
    assert said.count("\n") == 1
    assert name in said
    assert "of 31 characters" not in said


def test_told_to_stop_it_ends_the_open_pages_streams_and_itself(tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'tracker.db'}")
    schema.upgrade(database)
    with database.writing() as session:
        clinic = add_clinic(session, name="North", timezone="UTC", by="test", now=utc_now())
        staff = add_staff(
            session, clinic=clinic, email="n@c.example", role="nurse", password=None, by="test", now=utc_now()
        )
        token = issue_token(session, staff, name="test", by="test", now=utc_now())
    database.close()
    port = free_port()
    process = start(tmp_path, port)
    try:
        wait_until(lambda: answers(port), 60, "the pages")
        headers = {"Authorization": f"Bearer {token}"}
        with httpx.stream("GET", f"http://127.0.0.1:{port}/live", headers=headers, timeout=30) as page:
            lines = page.iter_lines()
            assert next(lines) == "retry: 2000"
            process.send_signal(signal.SIGTERM)
            assert "event: beat" in list(lines)  # and the stream ends as a whole answer does, not cut off
        assert process.wait(30) == 0
    finally:
        end(process)
