"""How long after its publishing a report is seen by whoever asks: ``python -m benchmarks.visible``.

The product as one clinic runs it, `tracker serve --embedded-broker` on SQLite, takes reports from 200 communicators,
each over a connection of its own. Now and then one pump is asked for over the API, again and again, until its newest
report shows; the time runs from handing the report to the socket to having read the answer.
"""

from __future__ import annotations

import argparse
import select
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

import httpx
from rich.console import Console

from benchmarks import load
from benchmarks.line import Line
from benchmarks.report import machine, markdown, put
from devices import topics
from tests.end_to_end.product import Product
from tests.servers import listens, wait_until

_PUMPS = 200
_PAUSE_S = 0.15  # between two looks: an API that is asked without end would measure itself
_AGAIN_S = 0.005


@dataclass
class Clinic:
    """The communicators; ``published`` says what each sent last, and when."""

    lines: list[Line]
    a_second: float
    published: dict[int, tuple[int, float]] = field(default_factory=dict)
    sent: int = 0
    halt: threading.Event = field(default_factory=threading.Event)

    def report(self) -> None:
        """Each pump in turn, evenly spread, until told to stop."""
        poll, began = select.poll(), time.monotonic()
        by_fd = {line.fileno(): line for line in self.lines}
        for fd in by_fd:
            poll.register(fd, select.POLLIN)
        while not self.halt.is_set():
            while self.sent < (time.monotonic() - began) * self.a_second:
                number, seq = self.sent % len(self.lines), self.sent // len(self.lines) + 1
                self.lines[number].publish(topics.telemetry(load.serial(number)), load.payload(seq))
                self.published[number] = seq, time.monotonic()
                self.lines[number].turn_now()
                self.sent += 1
            for fd, _ in poll.poll(2):
                by_fd[fd].turn_now()


def main() -> None:
    """Start, report, look, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.visible", description=__doc__)
    parser.add_argument("--messages-a-second", type=float, default=200.0)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pump-visible-") as folder:
        product = Product(Path(folder))
        try:
            waits, sent = _measure(product, chosen.messages_a_second, chosen.seconds)
        finally:
            product.stop()
    cells = (
        f"{chosen.messages_a_second:,.0f}",
        f"{sent:,}",
        f"{len(waits)}",
        *(f"{waits[min(int(len(waits) * part), len(waits) - 1)] * 1000:.0f}" for part in (0.5, 0.95, 1.0)),
    )
    headings = ("messages a second", "messages", "looks", "median ms", "95 % ms", "longest ms")
    Console().print(dict(zip(headings, cells, strict=True)))
    table = markdown("From publishing to being seen over the API", headings, [cells])
    put(chosen.out, "visible", f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")


def _measure(product: Product, a_second: float, seconds: float) -> tuple[list[float], int]:
    """(the sorted seconds until a report was seen, messages sent)."""
    product.tracker("db", "upgrade")
    passwords = product.enrol_all({load.serial(number): load.MODEL for number in range(_PUMPS)})
    product.start("serve", "--embedded-broker")
    wait_until(lambda: listens(product.broker_port) and listens(product.web_port), 30, "the product")
    lines = [Line(product.broker_port, name, password) for name, password in passwords.items()]
    clinic = Clinic([lines[list(passwords).index(load.serial(number))] for number in range(_PUMPS)], a_second)
    reporting = threading.Thread(target=clinic.report)
    with product.client() as client:
        wait_until(lambda: client.get("/health/ready").status_code == httpx.codes.OK, 30, "readiness")
        reporting.start()
        try:
            time.sleep(3)
            waits, until = [], time.monotonic() + seconds
            while time.monotonic() < until:
                time.sleep(_PAUSE_S)
                waits.append(_look(client, clinic))
        finally:
            clinic.halt.set()
            reporting.join()
    return sorted(waits), clinic.sent


def _look(client: httpx.Client, clinic: Clinic) -> float:
    """Wait for the next report of a pump, then ask until it shows; the seconds from its publishing."""
    number = clinic.sent % len(clinic.lines)
    before = clinic.published[number][0]
    while clinic.published[number][0] == before:
        time.sleep(0.0005)
    seq, at = clinic.published[number]
    while True:
        answer = client.get(f"/api/v1/pumps/{load.serial(number)}").raise_for_status().json()
        shown = answer["state"]
        if shown is not None and shown["seq"] >= seq:
            return time.monotonic() - at
        time.sleep(_AGAIN_S)


if __name__ == "__main__":
    main()
