"""What an installation's surroundings do to it, each with what readiness must say meanwhile."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil
from sqlalchemy import make_url

from benchmarks.faults.installation import Drill
from benchmarks.faults.site import fill_disk
from benchmarks.faults.watched import Disturbed
from tests.servers import binary, end, wait_until


def clock_set(drill: Drill, _seconds: float, step_s: int) -> None:
    """The machine's clock is set forward or back, for all its processes at once."""
    name = f"clock set {'forward' if step_s > 0 else 'back'}"
    clock = drill.folder / "clock"
    now = int(clock.read_text())
    with drill.disturbed(Disturbed(name, may=frozenset({"ingest", "schedule"}), settled_by_s=15)):
        clock.write_text(f"{now + step_s:+d}")


def leader_stopped(drill: Drill, seconds: float) -> None:
    """The leading scheduler stands still for as long as another needs to take over, and longer."""
    wait_until(drill.leader, 60, "a leader")
    leading = drill.leader()
    assert leading is not None
    with drill.disturbed(Disturbed("leader stopped", may=frozenset({"schedule"}), settled_by_s=15)):
        if drill.cluster is None:  # SQLite lets nobody write while a process stands still inside a write
            with drill.site.database.writing() as session:
                session.connection()
                leading.send_signal(signal.SIGSTOP)
                time.sleep(0.2)
        else:
            leading.send_signal(signal.SIGSTOP)
        try:
            time.sleep(max(seconds, 12))
        finally:
            leading.send_signal(signal.SIGCONT)


def database_hangs(drill: Drill, seconds: float) -> None:
    """Every process of PostgreSQL stands still: connections are taken and never answered."""
    assert drill.cluster is not None
    assert drill.cluster.process is not None
    server = psutil.Process(drill.cluster.process.pid)
    with drill.disturbed(Disturbed("database hangs", down=frozenset({"database"}), settled_by_s=15)):
        stopped = [server, *server.children(recursive=True)]
        for process in stopped:
            process.send_signal(signal.SIGSTOP)
        try:
            time.sleep(max(seconds, 9))
        finally:
            for process in stopped:
                if process.is_running():
                    process.send_signal(signal.SIGCONT)


def database_cut_off(drill: Drill, seconds: float) -> None:
    """The network to the database drops every connection and takes no new one."""
    assert drill.database_gate is not None
    with drill.disturbed(Disturbed("database cut off", down=frozenset({"database"}), shown_by_s=3, settled_by_s=15)):
        drill.database_gate.shut()
        time.sleep(max(seconds, 4))
        drill.database_gate.reopen()


def broker_cut_off(drill: Drill, seconds: float) -> None:
    """The network between the tracker and the broker drops; communicators still reach the broker."""
    # Half a minute without it, ingest is named too: whoever is not subscribed stores nothing.
    with drill.disturbed(Disturbed("broker cut off", frozenset({"broker"}), frozenset({"ingest"}), 3, 15)):
        drill.broker_gate.shut()
        time.sleep(max(seconds, 4))
        drill.broker_gate.reopen()


def disk_full(drill: Drill, seconds: float) -> None:
    """No byte is left: on a small disk where one can be mounted, by a limit on the processes' files otherwise."""
    if drill.small_disk is None:
        log = Path(f"{make_url(drill.site.url).database}-wal")
        with drill.disturbed(Disturbed("disk full", may=frozenset({"database", "ingest", "schedule"}))):
            _limit(drill, log.stat().st_size)
            time.sleep(seconds)
            _limit(drill, resource.RLIM_INFINITY)
        return
    ballast = drill.small_disk / "ballast"
    disk = os.statvfs(drill.small_disk)
    with ballast.open("wb") as most:  # so that the last bytes go within a moment
        for _ in range(disk.f_bavail * disk.f_frsize // 1024**2 - 4):
            most.write(bytes(1024**2))
    with drill.disturbed(Disturbed("disk full", frozenset({"database"}), frozenset({"ingest", "schedule"}), 3, 15)):
        until = time.monotonic() + max(seconds, 4)
        while time.monotonic() < until:  # what SQLite gives back meanwhile is taken too
            fill_disk(ballast)
            time.sleep(0.2)
        ballast.unlink()


def _limit(drill: Drill, size: int) -> None:
    for process in drill.processes.values():
        resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (size, resource.RLIM_INFINITY))


def proxy_restarted(drill: Drill, _seconds: float) -> None:
    """The proxy ends and starts again."""
    with drill.disturbed(Disturbed("proxy restarted")):
        os.kill(int((drill.folder / "proxy" / "nginx.pid").read_text()), signal.SIGTERM)
        wait_until(lambda: not (drill.folder / "proxy" / "nginx.pid").exists(), 20, "nginx to end")
        if "nginx" in drill.processes:
            end(drill.processes.pop("nginx"))
        words = [binary("nginx"), "-p", str(drill.folder / "proxy"), "-c", str(drill.folder / "proxy" / "nginx.conf")]
        drill.processes["nginx"] = subprocess.Popen(words, stderr=subprocess.DEVNULL)


def _forward(drill: Drill, seconds: float) -> None:
    clock_set(drill, seconds, 3600)


def _back(drill: Drill, seconds: float) -> None:
    clock_set(drill, seconds, -3600)


Disturbance = Callable[[Drill, float], None]
BOTH: list[Disturbance] = [_forward, leader_stopped, _back, broker_cut_off, proxy_restarted]
DISTURBANCES: dict[str, list[Disturbance]] = {
    "sqlite": [*BOTH, disk_full],
    "postgresql": [*BOTH, database_hangs, database_cut_off],
}
