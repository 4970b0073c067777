"""``tracker demo`` as a newcomer meets it: a clinic with a history, ended by Ctrl-C or worse, and there again."""

from __future__ import annotations

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import httpx
import psutil
import pytest

from tests.servers import free_port, wait_until

WORDS = ("--pumps=12", "--years=0.1", "--every=1")


class Demo:
    """One demo in a folder of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.web_port, self.broker_port = free_port(), free_port()
        self.process: subprocess.Popen[bytes] | None = None
        self.printed = folder / "printed"

    def start(self) -> None:
        environment = os.environ | {
            "TRACKER_DATA_DIR": str(self.folder / "data"),
            "TRACKER_WEB_PORT": str(self.web_port),
            "TRACKER_BROKER_PORT": str(self.broker_port),
        }
        with self.printed.open("wb") as out:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "tracker.cli.main", "demo", *WORDS], env=environment, stdout=out, stderr=out
            )

    def up(self) -> str:
        """Wait until it has said where to sign in; what it printed."""
        assert self.process is not None
        wait_until(lambda: b"sign in as" in self.printed.read_bytes() or self.ended(), 90, "the demo to come up")
        return self.printed.read_text()

    def ended(self) -> bool:
        return self.process is None or self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def count(self, table: str) -> int:
        with closing(sqlite3.connect(f"file:{self.folder / 'data' / 'tracker.db'}?mode=ro", uri=True)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Demo]:
    running = Demo(tmp_path)
    yield running
    if not running.ended():
        running.stop()


def test_a_demo_comes_up_with_its_history_goes_on_live_and_ends_with_ctrl_c(demo: Demo) -> None:
    demo.start()
    printed = demo.up()
    address = re.search(r"http://127\.0\.0\.1:\d+/", printed)
    assert address, printed
    assert httpx.get(address[0], follow_redirects=True).status_code == 200
    history = demo.count("reading")
    assert history > 300
    wait_until(lambda: demo.count("reading") > history + 12, 30, "live reports")
    family = demo.family()
    assert demo.stop() == 0
    assert [each for each in family if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []


def test_after_a_kill_it_starts_again_quickly_with_every_message_that_was_receipted(demo: Demo) -> None:
    demo.start()
    demo.up()
    before = demo.count("reading")
    family = [*demo.family(), psutil.Process(demo.process.pid if demo.process else 0)]
    for process in family:
        process.kill()
    psutil.wait_procs(family, 20)
    began = time.monotonic()
    demo.start()
    assert "sign in as" in demo.up()
    assert time.monotonic() - began < 60
    assert demo.count("reading") >= before
    wait_until(lambda: demo.count("reading") > before + 12, 40, "live reports after the kill")


def test_a_taken_port_is_one_sentence_with_the_setting_that_changes_it(demo: Demo) -> None:
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", demo.web_port))
        taken.listen()
        demo.start()
        assert demo.process is not None
        assert demo.process.wait(30) == 1
    printed = demo.printed.read_text().strip()
    assert "TRACKER_WEB_PORT" in printed
    assert len(printed.splitlines()) == 1
