"""A broken gateway: thousands of pumps report alarms within a minute. ``python -m benchmarks.faults.storm``.

Through the whole path: broker, `tracker ingest`, `tracker schedule`, `tracker send` and a mail server. Meanwhile other
pumps stall, in another unit of the same clinic and at another clinic. It counts the mails, looks whether every alarm of
high priority is named in one and whether high priority comes first, and times the stalls of the other pumps.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from rich.console import Console
from sqlmodel import col, select

from benchmarks import load
from benchmarks.brokers import nats
from benchmarks.line import Line
from benchmarks.measure import load_line
from devices import topics
from tests.build import a_clinic, a_person, a_pump
from tests.end_to_end.product import Product, report
from tests.send.receivers import Mailbox, mailbox
from tests.servers import postgres_cluster, wait_until
from tracker.actions.messages.contacts import add_contact
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.message import Message

GOAL_S = 10.0
_CHANCE = random.Random(20261128)
_CODES = ("motor_stall", "motor_stall", "motor_stall", "low_reservoir", "elective_replacement")
_SERIAL = re.compile(r"\b(?:BENCH|FAR|NEAR)-\d+")
_OTHERS = 10  # pumps of each of the two clinics that stall while the gateway is broken


@dataclass(frozen=True, slots=True)
class Storm:
    """What came of it; seconds on the clock."""

    alarms: int
    published_in: float
    high: int
    missing: Sequence[str]
    """Pumps with an alarm of high priority that no mail names."""
    named_after: float
    """From the last report of the gateway until the last of its pumps with high priority was named."""
    mails: int
    most_to_one: int
    behind_lower: int
    """Messages of high priority that stand behind one of lower priority of the same transaction."""
    longest_in_outbox: float
    """Of high priority, from a message's writing until the mail server had it."""
    others: Sequence[float] = field(default_factory=tuple)
    """Until each stall of another pump was in a mailbox, sorted."""

    def lines(self) -> dict[str, str]:
        """The figures in words."""
        return {
            "alarms": f"{self.alarms:,} in {self.published_in:.1f} s, {self.high:,} of high priority",
            "high alarms that no mail names": f"{len(self.missing)}",
            "last of them named": f"{self.named_after:.1f} s after the gateway's last report",
            "mails": f"{self.mails}, at the most {self.most_to_one} to one person",
            "high priority behind lower": f"{self.behind_lower}, longest in the outbox {self.longest_in_outbox:.1f} s",
            "stalls of other pumps": f"{len(self.others)}, median {self.others[len(self.others) // 2]:.1f} s, "
            f"longest {self.others[-1]:.1f} s",
        }


def run(folder: Path, url: str, pumps: int, seconds: float, others: int = _OTHERS) -> Storm:
    """Let the gateway break, and look until everybody has been told."""
    database = Database(url)
    schema.upgrade(database)
    far, near = _enrol(database, pumps, others)
    with mailbox() as box, nats() as broker:
        settings = {"TRACKER_DATABASE_URL": url, "TRACKER_MQTT_URL": broker.url}
        settings |= {"TRACKER_SMTP_URL": f"smtp://127.0.0.1:{box.port}", "TRACKER_SMTP_FROM": "pumps@clinic.example"}
        product = Product(folder, **settings)
        try:
            for name in ("send", "ingest", "schedule"):
                product.start(name)
            ingest_log = folder / "ingest.log"
            wait_until(lambda: '"subscribed"' in ingest_log.read_text(), 90, "ingest to subscribe")
            wait_until(lambda: '"leads"' in (folder / "schedule.log").read_text(), 90, "the scheduler to lead")
            gateway, probes = load_line(broker), load_line(broker)
            named, waits = Named(box), list[float]()
            stalls = [serial for pair in zip(far, near, strict=True) for serial in pair]
            telling = threading.Thread(target=lambda: waits.extend(_stalls(probes, named, stalls, seconds)))
            began = time.monotonic()
            telling.start()
            high = set(_break(gateway, pumps, seconds))
            ended = time.monotonic()
            telling.join()
            wait_until(lambda: high <= set(named.at()), 300, "a mail that names each pump")
            return _storm(database, box, named.at(), pumps, ended - began, high, ended, sorted(waits))
        finally:
            product.stop()
            database.close()


def _enrol(database: Database, pumps: int, others: int) -> tuple[list[str], list[str]]:
    """Two clinics with a nurse each; the serials of the other pumps, far and near."""
    load.enrol(database, 0)
    far, near = ([f"{place}-{number:03d}" for number in range(others)] for place in ("FAR", "NEAR"))
    with database.writing() as session:
        for name, serials in (("Gateway", near), ("Elsewhere", far)):
            clinic = a_clinic(session, name=name)
            email = f"{name.lower()}@clinic.example"
            nurse = a_person(session, clinic, email=email)
            add_contact(session, nurse, kind="email", target=email, confirmed=True, by="test", now=load.FIRST)
            for serial in serials:
                a_pump(session, clinic, serial=serial, unit="Ward")
            if name == "Gateway":
                for number in range(pumps):
                    a_pump(session, clinic, serial=load.serial(number), unit="Home")
    return far, near


def _alarming(serial: str, code: str) -> tuple[str, bytes]:
    stalled = {"motor": "stalled", "infusion": "stopped"} if code == "motor_stall" else {}
    return topics.telemetry(serial), json.dumps(report(1, alarms=[code], **stalled)).encode()


def _break(line: Line, pumps: int, seconds: float) -> list[str]:
    """Every pump of the gateway reports an alarm, evenly spread; the serials of those with high priority."""
    began, high = time.monotonic(), []
    for number in range(pumps):
        code = _CODES[number % len(_CODES)]
        if code == "motor_stall":
            high.append(load.serial(number))
        line.publish(*_alarming(load.serial(number), code))
        line.turn_now()
        while time.monotonic() - began < seconds * number / pumps:
            line.turn(0.002)
    line.flood([])
    return high


def _stalls(line: Line, named: Named, serials: list[str], seconds: float) -> Iterator[float]:
    """Let each of those pumps stall at its moment; how long each mail took."""
    began, at = time.monotonic(), {}
    for number, serial in enumerate(serials):
        due = began + seconds * (number + _CHANCE.random()) / len(serials)
        time.sleep(max(0.0, due - time.monotonic()))
        at[serial] = time.monotonic()
        line.flood([_alarming(serial, "motor_stall")])
    for serial in serials:
        wait_until(lambda serial=serial: serial in named.at(), 300, f"the mail about {serial}")  # type: ignore[misc]
        yield named.at()[serial] - at[serial]


class Named:
    """When each pump was first named in a mail; every mail is read once."""

    def __init__(self, box: Mailbox) -> None:
        self._box = box
        self._read = 0
        self._at: dict[str, float] = {}
        self._lock = threading.Lock()

    def at(self) -> dict[str, float]:
        """As far as mails have arrived by now."""
        with self._lock:
            while self._read < len(self._box.mails):
                body = self._box.mails[self._read].get_body(("plain",))
                for serial in _SERIAL.findall("" if body is None else str(body.get_content())):
                    self._at.setdefault(serial, self._box.times[self._read])
                self._read += 1
            return dict(self._at)


def _storm(
    database: Database,
    box: Mailbox,
    named: dict[str, float],
    pumps: int,
    published_in: float,
    high: set[str],
    ended: float,
    others: list[float],
) -> Storm:
    named = {serial: at for serial, at in named.items() if serial in high}
    with database.reading() as session:
        messages = list(session.exec(select(Message).order_by(col(Message.destination), col(Message.number))))
    pairs = [(one, next_one) for one, next_one in pairwise(messages) if one.destination == next_one.destination]
    waited = [(one.sent_at - one.created_at).total_seconds() for one in messages if one.sent_at and one.priority == 3]
    return Storm(
        alarms=pumps,
        published_in=published_in,
        high=len(high),
        missing=sorted(high - set(named)),
        named_after=max(named.values(), default=ended) - ended,
        mails=len(box.mails),
        most_to_one=max(Counter(str(mail["To"]) for mail in box.mails).values()),
        behind_lower=sum(one.priority < later.priority and one.created_at == later.created_at for one, later in pairs),
        longest_in_outbox=max(waited),
        others=others,
    )


def main() -> None:
    """Break the gateway, print the figures; exit with 1 where the goal is missed."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.storm", description=__doc__)
    parser.add_argument("--pumps", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--sqlite", action="store_true", help="instead of PostgreSQL")
    chosen = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="pump-storm-") as folder, postgres_cluster() as cluster:
        url = f"sqlite:///{folder}/tracker.db" if chosen.sqlite else cluster.new_database()
        storm = run(Path(folder), url, chosen.pumps, chosen.seconds)
    for name, figure in storm.lines().items():
        Console().print(f"{name}: {figure}", highlight=False)
    sys.exit(bool(storm.missing or storm.behind_lower or storm.others[-1] > GOAL_S))


if __name__ == "__main__":
    main()
