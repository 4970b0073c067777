"""Thousands of communicators at once, each reporting every ten seconds: ``python -m benchmarks.crowd``.

Every one holds a connection of its own to the embedded broker and listens for its receipt; what is measured is the time
from publishing a report to the receipt that covers it.
"""

from __future__ import annotations

import argparse
import os
import secrets
import select
import subprocess
import sys
import tempfile
import time
from collections import deque
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks import brokers, load
from benchmarks.brokers import LOAD, PASSWORD
from benchmarks.line import Line
from benchmarks.measure import peak_mib
from benchmarks.report import machine, markdown, put
from devices import topics
from devices.wire import decode_receipt
from tests.servers import end, wait_until
from tracker.records import schema
from tracker.records.database import Database

_INTERVAL = 10.0


def main() -> None:
    """Connect, report, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.crowd", description=__doc__)
    parser.add_argument("--communicators", type=int, default=5000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    console = Console()
    with brokers.nats() as broker, tempfile.TemporaryDirectory(prefix="pump-crowd-") as name:
        folder = Path(name)
        url = f"sqlite:///{folder / 'tracker.db'}"
        database = Database(url)
        schema.upgrade(database)
        load.enrol(database, chosen.communicators)
        ingest = _ingest(broker, url, folder)
        try:
            began = time.monotonic()
            lines = _connect(broker, chosen.communicators)
            connected = time.monotonic() - began
            console.print(f"{len(lines):,} connected in {connected:.0f} s")
            waits = sorted(_report(lines, chosen.seconds))
            peak = peak_mib(ingest.pid)
        finally:
            end(ingest)
        database.close()
    within = sum(wait <= 2.0 for wait in waits) / len(waits)
    cells = [
        f"{chosen.communicators:,}",
        f"{connected:.0f}",
        f"{len(waits):,}",
        f"{waits[len(waits) // 2]:.2f}",
        f"{waits[int(len(waits) * 0.99)]:.2f}",
        f"{waits[-1]:.2f}",
        f"{within:.2%}",
        f"{peak:.0f}",
    ]
    headings = (
        "communicators",
        "s to connect all",
        "reports",
        "median s",
        "99 % s",
        "longest s",
        "within 2 s",
        "peak MiB",
    )
    table = markdown("Receipts for a crowd, embedded broker and SQLite", headings, [tuple(cells)])
    console.print(dict(zip(headings, cells, strict=True)))
    put(chosen.out, "crowd", f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")


def _ingest(broker: brokers.Nats, url: str, folder: Path) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "TRACKER_DATA_DIR": str(folder),
        "TRACKER_DATABASE_URL": url,
        "TRACKER_MQTT_URL": broker.url,
    }
    log = folder / "ingest.log"
    with log.open("ab") as out:
        words = [sys.executable, "-m", "tracker.cli.main", "ingest"]
        process = subprocess.Popen(words, env=environment, stdout=out, stderr=out)
    wait_until(lambda: '"subscribed"' in log.read_text(), 60, "ingest")
    return process


def _connect(broker: brokers.Nats, count: int) -> list[Line]:
    lines = []
    for number in range(count):
        line = Line(broker.port, LOAD, PASSWORD, client_id=f"c-{secrets.token_hex(8)}")
        line.subscribe(f"pumps/{load.serial(number)}/receipt", qos=0)  # as docs/operations.md advises
        lines.append(line)
    return lines


def _report(lines: list[Line], seconds: float) -> list[float]:
    """Each line reports once in ten seconds, evenly spread; returns the seconds until each report was receipted."""
    poll = select.epoll()
    by_fd = {line.fileno(): number for number, line in enumerate(lines)}
    for fd in by_fd:
        poll.register(fd, select.EPOLLIN)
    pending: list[deque[tuple[int, float]]] = [deque() for _ in lines]
    sequence = [0] * len(lines)
    waits: list[float] = []
    began = time.monotonic()
    pause, published = _INTERVAL / len(lines), 0
    total = int(seconds / pause)
    while published < total or (any(pending) and time.monotonic() - began < seconds + 20):
        now = time.monotonic()
        while published < total and began + published * pause <= now:
            number = published % len(lines)
            sequence[number] += 1
            lines[number].publish(topics.telemetry(load.serial(number)), load.payload(sequence[number]))
            lines[number].turn_now()
            pending[number].append((sequence[number], time.monotonic()))
            published += 1
        for fd, _ in poll.poll(0.002):
            number = by_fd[fd]
            lines[number].turn_now()
            waits += _taken(lines[number], pending[number])
    waits += [_INTERVAL * 10 for rest in pending for _ in rest]  # never receipted
    return waits


def _taken(line: Line, pending: deque[tuple[int, float]]) -> list[float]:
    arrived, line.arrived = line.arrived, []
    now = time.monotonic()
    found = []
    for _, payload in arrived:
        receipt = decode_receipt(payload)
        while pending and pending[0][0] <= receipt.contiguous:
            found.append(now - pending.popleft()[1])
    return found


if __name__ == "__main__":
    main()
