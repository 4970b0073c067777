"""The connection to the broker, against a scripted one: packets in any pieces, acknowledgments by hand, grants."""

from __future__ import annotations

import socket
import struct
from collections.abc import Callable, Iterator

import pytest

from tests.servers import wait_until
from tracker.ingest.subscriber import Subscriber

CONNACK = b"\x20\x02\x00\x00"


def publish(topic: bytes, payload: bytes, mid: int, *, retain: bool = False) -> bytes:
    body = struct.pack("!H", len(topic)) + topic + struct.pack("!H", mid) + payload
    length, size = b"", len(body)
    while True:
        size, low = divmod(size, 128)
        length += bytes([low | (128 if size else 0)])
        if not size:
            return bytes([0x32 | retain]) + length + body


class ScriptedBroker:
    """Takes one connection at a time and says what the test wants said."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.peer = socket.socket()

    def greet(self, answer: bytes = CONNACK) -> None:
        self.peer, _ = self._listener.accept()
        self.peer.settimeout(5)
        assert self.peer.recv(4096)[0] == 0x10
        self.peer.sendall(answer)

    def heard(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            data += self.peer.recv(size - len(data))
        return data

    def grant(self, code: int = 1) -> None:
        head = self.heard(2)
        assert head[0] == 0x82
        body = self.heard(head[1])
        self.peer.sendall(b"\x90\x03" + body[:2] + bytes([code]))

    def close(self) -> None:
        self.peer.close()
        self._listener.close()


@pytest.fixture
def broker() -> Iterator[ScriptedBroker]:
    scripted = ScriptedBroker()
    yield scripted
    scripted.close()


@pytest.fixture
def subscriber(broker: ScriptedBroker) -> Iterator[Subscriber]:
    opened = Subscriber("tracker-test", ["pumps/+/telemetry"])
    opened.open("127.0.0.1", broker.port)
    opened.flush()
    yield opened
    opened.close()


def turn_until(subscriber: Subscriber, true: Callable[[], object]) -> None:
    def turned() -> object:
        subscriber.wait(0.01)
        subscriber.read(10_000)
        subscriber.flush()
        return true()

    wait_until(turned, 10)


def read(subscriber: Subscriber, messages: int) -> None:
    turn_until(subscriber, lambda: len(subscriber.inbox) >= messages)


def sign_in(broker: ScriptedBroker, subscriber: Subscriber, code: int = 1) -> None:
    broker.greet()
    turn_until(subscriber, lambda: subscriber.signed_in)
    broker.grant(code)
    turn_until(subscriber, lambda: subscriber.subscribed or subscriber.refused)


def test_packets_cut_anywhere_come_out_whole(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    sign_in(broker, subscriber)
    sent = [(b"pumps/A/telemetry", bytes([number]) * size, number + 1) for number, size in enumerate((0, 1, 120, 5000))]
    stream = b"".join(publish(topic, payload, mid) for topic, payload, mid in sent)
    for start in range(0, len(stream), 7):
        broker.peer.sendall(stream[start : start + 7])
        subscriber.read(10_000)
    read(subscriber, len(sent))
    assert [(each.topic, each.payload, each.mid) for each in subscriber.inbox] == sent


def take(broker: ScriptedBroker, subscriber: Subscriber, *mids: int) -> None:
    """The broker sends messages with these numbers, and they are read."""
    broker.peer.sendall(b"".join(publish(b"pumps/A/telemetry", b"%d" % mid, mid) for mid in mids))
    read(subscriber, len(subscriber.inbox) + len(mids))


def acknowledged(broker: ScriptedBroker, subscriber: Subscriber, count: int) -> list[int]:
    """The numbers of so many acknowledgments, in the order in which they come."""
    subscriber.flush()
    data = broker.heard(4 * count)
    return [mid for _, _, mid in struct.iter_unpack("!BBH", data)]


def test_acknowledgments_go_out_together(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    sign_in(broker, subscriber)
    take(broker, subscriber, 1, 258, 65535)
    subscriber.acknowledge(subscriber.connection, [1, 258, 65535])
    subscriber.flush()
    assert broker.heard(12) == b"\x40\x02\x00\x01\x40\x02\x01\x02\x40\x02\xff\xff"


def test_what_is_safe_before_an_earlier_message_is_acknowledged_after_it(
    broker: ScriptedBroker, subscriber: Subscriber
) -> None:
    sign_in(broker, subscriber)
    take(broker, subscriber, 1, 2, 3, 4, 5)
    subscriber.acknowledge(subscriber.connection, [1, 4])
    assert acknowledged(broker, subscriber, 1) == [1]
    subscriber.acknowledge(subscriber.connection, [3, 5])
    subscriber.acknowledge(subscriber.connection, [2])
    assert acknowledged(broker, subscriber, 4) == [2, 3, 4, 5]


def test_a_number_that_the_broker_uses_again_stands_for_the_later_message(
    broker: ScriptedBroker, subscriber: Subscriber
) -> None:
    sign_in(broker, subscriber)
    take(broker, subscriber, 1, 2)
    subscriber.acknowledge(subscriber.connection, [1])
    assert acknowledged(broker, subscriber, 1) == [1]
    take(broker, subscriber, 1)
    subscriber.acknowledge(subscriber.connection, [1])
    subscriber.acknowledge(subscriber.connection, [2])
    assert acknowledged(broker, subscriber, 2) == [2, 1]


def test_a_message_sent_again_while_it_waits_is_taken_once(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    sign_in(broker, subscriber)
    take(broker, subscriber, 1, 2)
    again = publish(b"pumps/A/telemetry", b"1", 1)
    broker.peer.sendall(bytes([again[0] | 8]) + again[1:] + publish(b"pumps/A/telemetry", b"3", 3))
    read(subscriber, 3)
    assert [each.mid for each in subscriber.inbox] == [1, 2, 3]


def test_an_acknowledgment_of_an_earlier_connection_is_never_sent(
    broker: ScriptedBroker, subscriber: Subscriber
) -> None:
    sign_in(broker, subscriber)
    earlier = subscriber.connection
    broker.peer.close()
    turn_until(subscriber, lambda: not subscriber.connected)
    subscriber.open("127.0.0.1", broker.port)
    subscriber.flush()
    sign_in(broker, subscriber)
    take(broker, subscriber, 1, 2)
    subscriber.acknowledge(earlier, [1])
    subscriber.acknowledge(subscriber.connection, [2])
    subscriber.acknowledge(subscriber.connection, [1])
    assert acknowledged(broker, subscriber, 2) == [1, 2]


def test_what_was_read_of_a_lost_connection_is_forgotten_since_it_comes_again(
    broker: ScriptedBroker, subscriber: Subscriber
) -> None:
    sign_in(broker, subscriber)
    broker.peer.sendall(publish(b"pumps/A/telemetry", b"x", 1) + publish(b"pumps/A/telemetry", b"y" * 99, 2)[:50])
    read(subscriber, 1)
    broker.peer.close()
    turn_until(subscriber, lambda: not subscriber.connected)
    assert subscriber.inbox == []


def test_a_huge_payload_is_read_over_and_only_its_head_is_held(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    sign_in(broker, subscriber)
    huge = publish(b"pumps/A/telemetry", b"z" * 3_000_000, 7)
    broker.peer.setblocking(False)
    rest = memoryview(huge + publish(b"pumps/A/telemetry", b"after", 8))
    while rest:
        try:
            rest = rest[broker.peer.send(rest) :]
        except BlockingIOError:
            subscriber.read(10_000)
    read(subscriber, 2)
    first, second = subscriber.inbox
    assert (len(first.payload), first.size, first.mid) == (65_536, 3_000_000, 7)
    assert (second.payload, second.size) == (b"after", 0)


def test_a_refused_subscription_is_noticed(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    sign_in(broker, subscriber, code=0x80)
    assert not subscriber.subscribed
    assert "pumps/+/telemetry" in subscriber.refused


def test_a_refused_sign_in_is_noticed(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    broker.greet(b"\x20\x02\x00\x05")
    turn_until(subscriber, lambda: subscriber.refused)
    assert "sign-in" in subscriber.refused


def test_messages_before_the_grant_are_taken(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    broker.greet(CONNACK + publish(b"pumps/A/telemetry", b"early", 1, retain=True))
    read(subscriber, 1)
    assert (subscriber.signed_in, subscriber.subscribed) == (True, False)
    assert subscriber.inbox[0].retained


def test_a_receipt_is_retained_and_confirmed(broker: ScriptedBroker, subscriber: Subscriber) -> None:
    sign_in(broker, subscriber)
    confirmed: list[object] = []
    subscriber.confirmed = confirmed.append
    assert subscriber.publish_retained("pumps/A/receipt", b"{}", ("A", 1))
    subscriber.flush()
    packet = broker.heard(2 + 2 + 15 + 2 + 2)
    assert packet[0] == 0x33
    broker.peer.sendall(b"\x40\x02" + packet[19:21])
    turn_until(subscriber, lambda: confirmed)
    assert confirmed == [("A", 1)]
