"""What a hostile communicator does with the right password of its own pump: one function for each kind of flood.

Each works until it has sent ``count`` or the broker parts with it, and never needs anything from the product.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from benchmarks.line import Line, LineLost
from tests.broker.clients import Device
from tests.end_to_end.product import report


@dataclass(frozen=True, slots=True)
class Hostile:
    """A communicator's sign-in, and where the broker listens."""

    port: int
    serial: str
    password: str

    def line(self, client_id: str = "", *, clean: bool = True) -> Line:
        return Line(self.port, self.serial, self.password, client_id=client_id, clean=clean)

    def topic(self, kind: str) -> str:
        return f"pumps/{self.serial}/{kind}"

    def flood(self, messages: Iterable[tuple[str, bytes]], *, retain: bool = False) -> int:
        """Publish over one connection; how many the broker took before it parted."""
        line, sent = self.line(), 0
        try:
            for topic, payload in messages:
                line.publish(topic, payload, retain=retain)
                sent += 1
                while line.unacknowledged > 500:
                    line.turn(0.5)
            while line.unacknowledged:
                line.turn(0.5)
        except LineLost:
            return sent - line.unacknowledged
        finally:
            line.close()
        return sent


def sessions(evil: Hostile, count: int) -> int:
    """Durable sessions, each with a client id of its own and a subscription; half of them stay connected."""
    held: list[Line] = []
    made = 0
    with suppress(LineLost, AssertionError):
        for number in range(count):
            line = evil.line(f"{evil.serial}-{number}", clean=False)
            held.append(line)
            line.subscribe(evil.topic("receipt"), seconds=1.0)
            made += 1
            if number % 2:
                line.close()
    for line in held:
        line.close()
    return made


def connections(evil: Hostile, count: int) -> int:
    """Connections that are opened and left open."""
    held: list[Line] = []
    with suppress(LineLost):
        for number in range(count):
            line = evil.line(f"{evil.serial}-{number}")
            held.append(line)
    for line in held:
        line.close()
    return len(held)


def refused(evil: Hostile, count: int) -> int:
    """Messages of 2 KiB that can't be read, each another one."""
    return evil.flood((evil.topic("telemetry"), b"%08d no report " % number * 120) for number in range(count))


def epochs(evil: Hostile, count: int) -> int:
    """Reports that each begin an epoch of their own."""
    return evil.flood((evil.topic("telemetry"), json.dumps(report(1, epoch=each)).encode()) for each in range(2, count))


def programmer_sessions(evil: Hostile, count: int) -> int:
    """Programmer sessions of one day."""
    first = datetime.now(UTC) - timedelta(hours=12)

    def session(seq: int) -> bytes:
        at = first + timedelta(seconds=30 * seq)
        told = {"v": 1, "model": "synchromed-ii-20", "epoch": 1, "seq": seq, "measured_at": at.isoformat()}
        return json.dumps(told | {"completed": True, "analysed": True, "reprogrammed": True}).encode()

    return evil.flood((evil.topic("session"), session(seq)) for seq in range(1, count + 1))


def retained(evil: Hostile, count: int) -> int:
    """Large retained messages on each of the pump's topics in turn."""
    kinds = ("telemetry", "session", "presence")
    return evil.flood(
        ((evil.topic(kinds[number % 3]), b"%08d" % number + b" " * 16_000) for number in range(count)), retain=True
    )


def large(evil: Hostile, count: int) -> int:
    """Payloads over the limit, each on a connection of its own since the broker may part."""
    sent = 0
    for number in range(count):
        with suppress(LineLost):
            sent += evil.flood([(evil.topic("telemetry"), b"%08d" % number * 4_000)])
    return sent


def wills(evil: Hostile, count: int) -> int:
    """Connections that are cut and leave a large last will."""
    for number in range(count):
        will = (evil.topic("presence"), b"%08d" % number + b" " * 8_000)
        device = Device(evil.port, evil.serial, evil.password, client_id=f"{evil.serial}-{number}", will=will)
        with suppress(OSError):
            device.connect()
            if not device.connected:
                device.close()
                return number
            device.cut()
    return count


def qos_2(evil: Hostile, count: int) -> int:
    """Publishes of QoS 2 that are never released."""
    for number in range(count):
        line = evil.line(f"{evil.serial}-{number}", clean=False)
        with suppress(LineLost):
            line.publish_qos_2(evil.topic("telemetry"), b"never released %d" % number)
            line.turn(0.05)
        line.close()
    return count


Attack = Callable[[Hostile, int], int]

ATTACKS: dict[str, tuple[Attack, int]] = {
    "sessions": (sessions, 500),
    "connections": (connections, 300),
    "refused": (refused, 3_000),
    "epochs": (epochs, 3_000),
    "programmer-sessions": (programmer_sessions, 1_200),
    "retained": (retained, 600),
    "large": (large, 30),
    "wills": (wills, 30),
    "qos-2": (qos_2, 50),
}
"""Each kind with the number that the ordinary tests send."""
