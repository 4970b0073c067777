"""The processes that share a large sweep."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from tests.servers import wait_until
from tracker.records import schema
from tracker.records.database import Database

SWEEPS_FOR_EVER = """
import multiprocessing, sys, time
from datetime import UTC, datetime
from tracker.records.database import Database
from tracker.schedule.worker_pool import evaluate_together

def sets():
    yield []
    print(*(each.pid for each in multiprocessing.active_children()), flush=True)
    time.sleep(600)

evaluate_together(Database(sys.argv[1]), sets(), datetime.now(UTC), 2)
"""


def test_a_sweeps_processes_end_when_the_one_that_started_them_is_killed(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path / 'tracker.db'}"
    database = Database(url)
    schema.upgrade(database)
    database.close()
    sweeping = subprocess.Popen([sys.executable, "-c", SWEEPS_FOR_EVER, url], stdout=subprocess.PIPE, text=True)
    assert sweeping.stdout is not None
    pids = [int(word) for word in sweeping.stdout.readline().split()]
    assert pids
    sweeping.kill()
    sweeping.wait()
    sweeping.stdout.close()
    wait_until(lambda: not any(_runs(pid) for pid in pids), what="the processes' end")


def _runs(pid: int) -> bool:
    """Whether the process is alive, and not merely waiting for somebody to take its exit."""
    try:
        os.kill(pid, 0)
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except (ProcessLookupError, FileNotFoundError):
        return False
