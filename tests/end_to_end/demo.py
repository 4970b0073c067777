"""``tracker demo`` as a process, in a folder and on ports of its own."""

from __future__ import annotations

import contextlib
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psutil

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
        """All its processes, without waiting for them."""
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
        """Whether it is over."""
        return self.process is None or self.process.poll() is not None

    def family(self) -> list[psutil.Process]:
        """Every process that it started."""
        assert self.process is not None
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self) -> int:
        """Ctrl-C; the status that it ended with."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(30)

    def kill(self) -> None:
        """Every process of it at once, as a power cut would."""
        assert self.process is not None
        family: list[psutil.Process] = []
        new = [psutil.Process(self.process.pid)]
        while new:  # each is stopped before its children are counted, or it would start another meanwhile
            for process in new:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.suspend()
            family += new
            new = [one for one in self.family() if one not in family]
        for process in family:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.kill()
        psutil.wait_procs(family, 20)

    def stored(self) -> list[tuple[str, int, int]]:
        """(serial, epoch, seq) of every report and session that has a row."""
        sql = (
            "SELECT p.serial, r.epoch, r.seq FROM reading AS r JOIN pump AS p ON p.id = r.pump_id UNION ALL "
            "SELECT p.serial, s.epoch, s.seq FROM programmer_session AS s JOIN pump AS p ON p.id = s.pump_id"
        )
        with closing(self._look()) as connection:
            return [(row[0], row[1], row[2]) for row in connection.execute(sql)]

    def count(self, table: str) -> int:
        """Rows of a table."""
        with closing(self._look()) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {table}").fetchone()[0])

    def _look(self) -> sqlite3.Connection:
        return sqlite3.connect(f"file:{self.folder / 'data' / 'tracker.db'}?mode=ro", uri=True)
