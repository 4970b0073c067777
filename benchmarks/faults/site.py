"""A site under fire: a broker, a database and the tracker's own ingest process, each to be killed and started again."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from benchmarks import load
from benchmarks.brokers import LOAD, PASSWORD, Mosquitto, Nats
from benchmarks.line import Line, LineLost
from devices.wire import WireError, decode_receipt
from tests.servers import end, wait_until
from tracker.records import schema
from tracker.records.database import Database

Message = tuple[str, int, int]
"""(serial, epoch, seq)."""


class Site:
    """One installation. ``processes`` holds the ingest processes by name."""

    def __init__(self, folder: Path, broker: Mosquitto | Nats, url: str, pumps: int = 20, **settings: str) -> None:
        self.folder = folder
        self.broker = broker
        self.url = url
        self.pumps = pumps
        self.settings = settings
        self.database = Database(url)
        schema.upgrade(self.database)
        load.enrol(self.database, pumps)
        self.processes: dict[str, subprocess.Popen[bytes]] = {}

    def start_ingest(self, name: str = "ingest", **settings: str) -> subprocess.Popen[bytes]:
        """Start an ingest process; its log is ``NAME.log`` in the folder."""
        environment = os.environ | {
            "TRACKER_DATA_DIR": str(self.folder),
            "TRACKER_DATABASE_URL": self.url,
            "TRACKER_MQTT_URL": self.broker.url,
            **self.settings,
            **settings,
        }
        words = [sys.executable, "-m", "tracker.cli.main", "ingest"]
        with (self.folder / f"{name}.log").open("ab") as log:
            process = subprocess.Popen(words, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.processes[name] = process
        return process

    def kill_ingest(self, name: str = "ingest", how: int = signal.SIGKILL) -> None:
        """End an ingest process as a crash would."""
        end(self.processes.pop(name), how)

    def log(self, name: str = "ingest") -> str:
        """What the process has said."""
        return (self.folder / f"{name}.log").read_text()

    def wait_subscribed(self, name: str = "ingest", times: int = 1) -> None:
        """Wait until the process has said so many times that its subscription stands."""
        wait_until(lambda: self.log(name).count('"subscribed"') >= times, 60, f"{name} to subscribe")

    def line(self) -> Line:
        """A connection for load."""
        return Line(self.broker.port, *((LOAD, PASSWORD) if isinstance(self.broker, Nats) else ()))

    def stored(self) -> list[Message]:
        """Every reading, each once if all is well."""
        with self.database.engine.connect() as connection:
            rows = connection.execute(
                text("SELECT p.serial, r.epoch, r.seq FROM reading AS r JOIN pump AS p ON p.id = r.pump_id")
            )
            return [(row[0], row[1], row[2]) for row in rows]

    def count(self) -> int:
        """How many messages have been committed; 0 while the database is away."""
        with suppress(DBAPIError), self.database.engine.connect() as connection:
            return int(connection.execute(text("SELECT coalesce(sum(received), 0) FROM pump_state")).scalar_one())
        return 0

    def state(self, column: str) -> int:
        """The sum of one counter over all pumps."""
        with self.database.engine.connect() as connection:
            return int(connection.execute(text(f"SELECT coalesce(sum({column}), 0) FROM pump_state")).scalar_one())

    def wait_for(self, messages: int, seconds: float = 60) -> None:
        """Wait until so many messages are committed."""
        wait_until(lambda: self.count() >= messages, seconds, f"{messages} messages (there are {self.count()})")

    def close(self) -> None:
        """End what still runs."""
        for process in self.processes.values():
            end(process)
        self.database.close()


@contextmanager
def site(folder: Path, broker: Mosquitto | Nats, url: str, pumps: int = 20, **settings: str) -> Iterator[Site]:
    """An installation that ends with the block."""
    opened = Site(folder, broker, url, pumps, **settings)
    try:
        yield opened
    finally:
        opened.close()


def number_of(payload: bytes) -> tuple[int, int]:
    """(epoch, seq) of a message."""
    fields: dict[str, Any] = msgspec.json.decode(payload)
    return fields["epoch"], fields["seq"]


class Sender(threading.Thread):
    """Communicators that forget nothing until a receipt covers it: many pumps over one connection.

    It sends again what a receipt calls missing, and everything uncovered when nothing has moved for ``patience``
    seconds or the connection was lost; ``a_second`` holds it back. It ends when all is covered, or at ``halt``.
    """

    def __init__(
        self,
        connect: Callable[[], Line],
        messages: list[tuple[str, bytes]],
        patience: float = 3.0,
        a_second: float = 1e9,
    ) -> None:
        super().__init__(daemon=True)
        self.sent = {(topic.split("/")[1], *number_of(payload)) for topic, payload in messages}
        self.halt = threading.Event()
        self.repeated = 0
        self._connect = connect
        self._uncovered: dict[str, dict[tuple[int, int], tuple[str, bytes]]] = {}
        for topic, payload in messages:
            self._uncovered.setdefault(topic.split("/")[1], {})[number_of(payload)] = (topic, payload)
        self._patience = patience
        self._a_second = a_second

    @property
    def uncovered(self) -> int:
        """Messages that no receipt covers yet."""
        return sum(map(len, self._uncovered.values()))

    def a_second_now(self) -> None:
        """Hold it back no longer."""
        self._a_second = 1e9

    def run(self) -> None:
        """Send until everything is covered."""
        while self.uncovered and not self.halt.is_set():
            try:
                self._session(self._connect())
            except LineLost:
                self.halt.wait(0.2)

    def _session(self, line: Line) -> None:
        line.subscribe("pumps/+/receipt")
        while self.uncovered and not self.halt.is_set():
            waiting = [each for rest in self._uncovered.values() for each in rest.values()]
            began = time.monotonic()
            for number, (topic, payload) in enumerate(waiting):
                line.publish(topic, payload)
                while number > (time.monotonic() - began) * self._a_second and not self.halt.is_set():
                    self._turn(line)
                if line.unacknowledged % 500 == 499:
                    self._turn(line)
                    while line.unacknowledged > 3000:
                        self._turn(line)
                if self.halt.is_set():
                    return
            moved, before = time.monotonic(), self.uncovered
            while before and time.monotonic() - moved < self._patience and not self.halt.is_set():
                self._turn(line, 0.1)
                if self.uncovered < before:
                    moved, before = time.monotonic(), self.uncovered
            self.repeated += before
        line.close()

    def _turn(self, line: Line, seconds: float = 0.02) -> None:
        line.turn(seconds)
        arrived, line.arrived = line.arrived, []
        for topic, payload in arrived:
            self._take(topic.split("/")[1], payload)

    def _take(self, serial: str, payload: bytes) -> None:
        try:
            receipt = decode_receipt(payload)
        except WireError:
            return
        gaps = [range(first, last + 1) for first, last in receipt.missing]
        rest = self._uncovered.get(serial, {})
        for epoch, seq in list(rest):
            if epoch == receipt.epoch and seq <= receipt.contiguous and not any(seq in gap for gap in gaps):
                del rest[epoch, seq]


def fill_disk(file: Path) -> None:
    """Append to the file until its disk has no byte left."""
    try:
        with file.open("ab") as ballast:
            while True:
                ballast.write(bytes(4096))
                ballast.flush()
    except OSError:
        return
