"""Who may do what on each broker: a table of all that is forbidden, and the little that is not."""

from __future__ import annotations

import socket
import struct

import pytest

from devices.wire import MAX_PAYLOAD_BYTES
from tests.broker.clients import Device, sign_in_packet, text_field
from tests.broker.conftest import OTHER, PUMP, Site
from tests.servers import wait_until

OWN = f"pumps/{PUMP}"

FORBIDDEN_TO_PUBLISH = [
    f"pumps/{OTHER}/telemetry",
    f"pumps/{OTHER}/session",
    f"pumps/{OTHER}/presence",
    f"pumps/{OTHER}/receipt",
    f"{OWN}/receipt",
    f"{OWN}/telemetry/more",
    f"{OWN}/command",
    OWN,
    "telemetry",
    "pumps/A/B-c_1/telemetry",
    "pumps/A//B-c_1/telemetry",
    f"ingest/0/{OTHER}/telemetry",
    "$JS/API/STREAM/DELETE/$MQTT_msgs",
    "$JS/API/STREAM/PURGE/$MQTT_msgs",
    f"$MQTT/msgs/pumps/{OTHER}/telemetry",
    f"$MQTT/rmsgs/pumps/{OTHER}/receipt",
    "$MQTT/JSA/x/SL/y",
    "$SYS/REQ/SERVER/PING",
]

FORBIDDEN_TO_SUBSCRIBE = [
    f"pumps/{OTHER}/receipt",
    f"pumps/{OTHER}/telemetry",
    f"{OWN}/telemetry",
    f"{OWN}/#",
    f"{OWN}/+",
    "pumps/+/receipt",
    "pumps/#",
    "#",
    "+/+/+",
    f"$share/group/pumps/{OTHER}/receipt",
    "$SYS/#",
    "$MQTT/#",
    "$MQTT/sub/#",
    "$JS/#",
    "ingest/#",
]


def test_a_pump_publishes_its_own_topics_and_reads_its_own_retained_receipt(site: Site) -> None:
    with site.tracker() as tracker, site.pump() as pump:
        assert tracker.subscribe("pumps/+/telemetry", "pumps/+/session", "pumps/+/presence") == [True] * 3
        pump.deliver(f"{OWN}/presence", b"here", retain=True)
        pump.deliver(f"{OWN}/session", b"visit")
        pump.deliver(f"{OWN}/telemetry", b"report")
        tracker.wait_for(f"{OWN}/presence", b"here")
        tracker.wait_for(f"{OWN}/session", b"visit")
        tracker.wait_for(f"{OWN}/telemetry", b"report")

        tracker.deliver(f"{OWN}/receipt", b"stored", retain=True)
        assert pump.subscribe(f"{OWN}/receipt") == [True]
        wait_until(lambda: (f"{OWN}/receipt", b"stored") in pump.retained, what="the retained receipt")


def test_a_pumps_last_will_says_that_it_is_gone(site: Site) -> None:
    with site.tracker() as tracker:
        tracker.subscribe("pumps/+/presence")
        leaving = Device(
            site.port, PUMP, site.credentials[PUMP].password, will=(f"{OWN}/presence", b"gone"), keepalive=5
        )
        leaving.connect()
        leaving.cut()
        tracker.wait_for(f"{OWN}/presence", b"gone")


@pytest.mark.parametrize("topic", FORBIDDEN_TO_PUBLISH)
@pytest.mark.parametrize("retain", [False, True], ids=["once", "retained"])
def test_a_publish_to_a_topic_that_is_not_its_own_reaches_nobody(site: Site, topic: str, *, retain: bool) -> None:
    tracker, other = site.watched()
    with site.pump() as intruder:
        intruder.attempt(topic, b"forged", retain=retain)
    # Brokers deliver in order: what comes after the forged message would come after it here too.
    for kind in ("telemetry", "session", "presence"):
        other.deliver(f"pumps/{OTHER}/{kind}", b"true")
        tracker.wait_for(f"pumps/{OTHER}/{kind}", b"true")
    tracker.deliver(f"pumps/{OTHER}/receipt", b"true")
    other.wait_for(f"pumps/{OTHER}/receipt", b"true")
    assert b"forged" not in {payload for _, payload in tracker.messages + other.messages}
    if retain:  # nor is it kept for those who come later
        with site.tracker() as later:
            later.subscribe("pumps/+/telemetry", "pumps/+/session", "pumps/+/presence")
            other.deliver(f"pumps/{OTHER}/presence", b"last")
            later.wait_for(f"pumps/{OTHER}/presence", b"last")
            assert b"forged" not in {payload for _, payload in later.messages}


@pytest.mark.parametrize("topic_filter", FORBIDDEN_TO_SUBSCRIBE)
def test_a_subscription_to_anything_but_its_own_receipt_brings_nothing(site: Site, topic_filter: str) -> None:
    tracker, other = site.watched()
    with site.pump() as curious:
        curious.subscribe(topic_filter)
        other.deliver(f"pumps/{OTHER}/telemetry", b"private")
        other.deliver(f"pumps/{OTHER}/presence", b"private", retain=True)
        tracker.deliver(f"pumps/{OTHER}/receipt", b"private", retain=True)
        if curious.connected:
            assert curious.subscribe(f"{OWN}/receipt") == [True]
            tracker.deliver(f"{OWN}/receipt", b"mine")
            curious.wait_for(f"{OWN}/receipt", b"mine")
        assert {topic for topic, _ in curious.messages} <= {f"{OWN}/receipt"}


@pytest.mark.parametrize(
    ("username", "password"),
    [
        (None, None),
        ("", ""),
        (PUMP, ""),
        (PUMP, "wrong"),
        (PUMP, None),
        ("nobody", "wrong"),
        ("tracker", "wrong"),
        ("tracker", ""),
        ("tracker/control", ""),
    ],
)
def test_nobody_signs_in_without_the_right_password(site: Site, username: str | None, password: str | None) -> None:
    with Device(site.port, username, password) as stranger:
        assert not stranger.welcome


def test_one_pumps_password_opens_no_other_pumps_account(site: Site) -> None:
    with Device(site.port, OTHER, site.credentials[PUMP].password) as stranger:
        assert not stranger.welcome


@pytest.mark.parametrize("retain", [False, True], ids=["once", "retained"])
def test_a_payload_of_16_kib_passes_and_a_larger_one_is_refused(site: Site, *, retain: bool) -> None:
    with site.tracker() as tracker:
        tracker.subscribe("pumps/+/telemetry")
        with site.pump() as pump:
            pump.deliver(f"{OWN}/telemetry", b"x" * MAX_PAYLOAD_BYTES, retain=retain)
        for size in (MAX_PAYLOAD_BYTES + 1024, 10 * MAX_PAYLOAD_BYTES, 5 * 1024**2):
            with site.pump() as pump:
                pump.attempt(f"{OWN}/telemetry", b"y" * size, retain=retain)
        with site.pump() as pump:
            pump.deliver(f"{OWN}/telemetry", b"after", retain=retain)
        tracker.wait_for(f"{OWN}/telemetry", b"after")
        assert {payload[:1] for _, payload in tracker.messages} == {b"x", b"a"}


MALFORMED = {
    "a packet of no kind": b"\x00\x00",
    "a reserved kind": b"\xf0\x00",
    "a length without end": b"\x32\xff\xff\xff\xff\xff",
    "a length of 256 MB": b"\x32\xff\xff\xff\x7f" + b"x" * 2000,
    "a publish without a topic": b"\x32\x02\x00\x00",
    "a publish whose topic is longer than the packet": b"\x32\x04\xff\xffab",
    "a publish with packet number zero": b"\x32\x0a" + text_field("pumps") + b"\x00\x00x",
    "a publish of quality 3": b"\x36\x0a" + text_field("pumps") + b"\x00\x01x",
    "a publish to a wildcard": b"\x32\x0c" + text_field("pumps/#") + b"\x00\x01x",
    "a topic that is not UTF-8": b"\x32\x08\x00\x04\xff\xfe\xfd\xfc\x00\x01",
    "a topic with a null": b"\x32\x08\x00\x04a\x00bc\x00\x01",
    "a subscription to nothing": b"\x82\x02\x00\x01",
    "a subscription with bad flags": b"\x80\x08" + struct.pack("!H", 1) + text_field("abc") + b"\x01",
    "a second sign-in": b"\x10\x0d" + text_field("MQTT") + b"\x04\x02\x00\x3c" + text_field("a"),
    "an acknowledgment of nothing": b"\x40\x02\x12\x34",
    "an acknowledgment cut short": b"\x40\x01\x12",
    "text of another protocol": b"GET / HTTP/1.1\r\nHost: broker\r\n\r\n",
    "noise": bytes(range(256)) * 8,
}


@pytest.mark.parametrize("packet", MALFORMED.values(), ids=MALFORMED.keys())
@pytest.mark.parametrize("signed_in", [True, False], ids=["signed in", "stranger"])
def test_malformed_packets_harm_nobody_else(site: Site, packet: bytes, *, signed_in: bool) -> None:
    tracker, other = site.watched()
    with socket.create_connection(("127.0.0.1", site.port), 5) as raw:
        if signed_in:
            raw.sendall(sign_in_packet(PUMP, site.credentials[PUMP].password, client_id="raw"))
            assert raw.recv(4) == b"\x20\x02\x00\x00"
        raw.sendall(packet)
        _drain(raw)
    other.deliver(f"pumps/{OTHER}/telemetry", b"still here")
    tracker.wait_for(f"pumps/{OTHER}/telemetry", b"still here")
    assert tracker.connected
    assert other.connected
    assert {topic for topic, _ in tracker.messages} == {f"pumps/{OTHER}/telemetry"}


@pytest.mark.parametrize(
    "change",
    [{"protocol": "MQTX"}, {"level": 9}, {"flags": 0xC3}, {"flags": 0xDA}, {"flags": 0x42}],
    ids=["protocol name", "protocol level", "reserved flag", "will of quality 3", "password without user"],
)
def test_a_malformed_sign_in_is_not_welcome(site: Site, change: dict[str, object]) -> None:
    with socket.create_connection(("127.0.0.1", site.port), 5) as raw:
        raw.sendall(sign_in_packet(PUMP, site.credentials[PUMP].password, client_id="raw", **change))  # type: ignore[arg-type]  # a table of differences
        assert not _drain(raw).startswith(b"\x20\x02\x00\x00")
    with site.pump() as pump:
        assert pump.connected


def _drain(raw: socket.socket) -> bytes:
    """All that the broker still says, until it closes or falls silent."""
    said = b""
    try:
        raw.shutdown(socket.SHUT_WR)
        while piece := raw.recv(4096):
            said += piece
    except OSError:  # closed, or silent for as long as the connection waits
        pass
    return said


def test_a_publish_of_qos_2_is_refused_so_that_nothing_waits_for_a_release_that_never_comes(site: Site) -> None:
    with site.pump() as hostile:
        hostile.client.publish(f"{OWN}/telemetry", b"never released", qos=2)
        wait_until(lambda: hostile.partings, what="the end of the connection")
    with site.tracker() as tracker, site.pump() as pump:
        assert tracker.subscribe("pumps/+/telemetry") == [True]
        pump.deliver(f"{OWN}/telemetry", b"as it should be")
        tracker.wait_for(f"{OWN}/telemetry", b"as it should be")
        assert (f"{OWN}/telemetry", b"never released") not in tracker.messages


def test_on_mosquitto_a_sign_in_has_one_session_whatever_client_ids_it_names(mosquitto_site: Site) -> None:
    first = mosquitto_site.pump(client_id="one", clean=False).connect()
    first.subscribe(f"{OWN}/receipt")
    second = mosquitto_site.pump(client_id="two", clean=False).connect()
    assert second.session_present
    wait_until(lambda: first.partings, what="the earlier connection to end")
    second.close()
    with mosquitto_site.pump(client_id="three", clean=True) as last:  # and leaves nothing behind
        assert last.welcome


def test_on_mosquitto_a_pump_cannot_take_the_trackers_session(mosquitto_site: Site) -> None:
    with mosquitto_site.tracker(client_id="known-to-all", clean=False) as tracker:
        tracker.subscribe("pumps/+/telemetry")
        with mosquitto_site.pump(client_id="known-to-all") as thief, mosquitto_site.pump(OTHER) as other:
            assert not thief.session_present
            other.deliver(f"pumps/{OTHER}/telemetry", b"for the tracker")
            tracker.wait_for(f"pumps/{OTHER}/telemetry", b"for the tracker")
            assert thief.messages == []
        assert tracker.connected
    with mosquitto_site.tracker() as tracker:
        assert tracker.welcome
