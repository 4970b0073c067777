"""What the broker hears from ingest in a flood, read off the connection between the two."""

from __future__ import annotations

import json
import selectors
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from benchmarks.line import Line
from tests.broker.conftest import TRACKER_PASSWORD
from tests.end_to_end.product import Product, report
from tests.servers import end, free_port, wait_until

_FLOOD = 3_500


class Tap:
    """Passes one connection on to the broker and notes the numbers of what goes to and fro."""

    def __init__(self, broker_port: int) -> None:
        self.broker_port = broker_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.published: list[int] = []
        self.acknowledged: list[int] = []
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        self._listener.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                with near, socket.create_connection(("127.0.0.1", self.broker_port)) as far:
                    self._pass_on(near, far)

    def _pass_on(self, near: socket.socket, far: socket.socket) -> None:
        unread = {near: bytearray(), far: bytearray()}
        with selectors.DefaultSelector() as waiting:
            for one, other in ((near, far), (far, near)):
                waiting.register(one, selectors.EVENT_READ, other)
            while True:
                for key, _ in waiting.select():
                    assert isinstance(key.fileobj, socket.socket)
                    piece = key.fileobj.recv(65536)
                    if not piece:
                        return
                    unread[key.fileobj] += piece
                    self._note(unread[key.fileobj], from_broker=key.fileobj is far)
                    key.data.sendall(piece)

    def _note(self, data: bytearray, *, from_broker: bool) -> None:
        """Take whole packets out of what was read."""
        while len(data) >= 2:
            length, body, shift = 0, 1, 0
            while body < len(data):
                length |= (data[body] & 127) << shift
                shift += 7
                body += 1
                if not data[body - 1] & 128:
                    break
            else:
                return
            if len(data) < body + length:
                return
            head, packet = data[0], bytes(data[body : body + length])
            del data[: body + length]
            if from_broker and head & 0xF0 == 0x30:
                topic_end = 2 + int.from_bytes(packet[:2])
                self.published.append(int.from_bytes(packet[topic_end : topic_end + 2]))
            elif not from_broker and head == 0x40:
                self.acknowledged.append(int.from_bytes(packet))


@pytest.fixture
def tap() -> Iterator[Tap]:
    with closing(Tap(free_port())) as opened:
        yield opened


@pytest.fixture
def product(tmp_path: Path, tap: Tap) -> Iterator[Product]:
    """A broker of its own, to which ingest has the tapped way alone."""
    made = Product(tmp_path, TRACKER_MQTT_URL=f"mqtt://tracker:{TRACKER_PASSWORD}@127.0.0.1:{tap.port}")
    made.broker_port = tap.broker_port
    made.environment["TRACKER_BROKER_PORT"] = str(tap.broker_port)
    yield made
    made.stop()


def test_while_one_pump_floods_acknowledgments_leave_in_the_order_of_the_messages(product: Product, tap: Tap) -> None:
    product.tracker("db", "upgrade")
    passwords = product.enrol_all(dict.fromkeys(["EVIL", "HONEST"], "synchromed-ii-20"))
    product.start_all("broker")
    product.start("ingest")
    log = product.folder / "ingest.log"
    wait_until(lambda: "subscribed" in log.read_text(), 60, "ingest")
    end(product.processes.pop("ingest"))
    evil = Line(product.broker_port, "EVIL", passwords["EVIL"])
    honest = Line(product.broker_port, "HONEST", passwords["HONEST"])
    evil.flood(("pumps/EVIL/telemetry", b"%08d no report" % number) for number in range(_FLOOD))
    honest.flood(("pumps/HONEST/telemetry", json.dumps(report(seq)).encode()) for seq in range(1, 6))
    evil.close()
    honest.subscribe("pumps/HONEST/receipt")
    product.start("ingest")
    wait_until(lambda: len(tap.acknowledged) >= _FLOOD + 5, 60, "every acknowledgment")
    wait_until(lambda: _receipted(honest) >= 5, 20, "the honest pump's receipt")
    honest.close()
    assert tap.acknowledged == list(dict.fromkeys(tap.published))


def _receipted(line: Line) -> int:
    line.turn(0.1)
    return max((json.loads(payload)["contiguous"] for _, payload in line.arrived), default=0)
