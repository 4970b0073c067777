"""One hostile communicator at the embedded broker: throughout, an honest one and the tracker go on; afterwards, room.

The hostile one has a sign-in of its own, with the right password, and speaks MQTT as it likes.
"""

from __future__ import annotations

import itertools
import os
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import pytest

from benchmarks.line import Line, LineLost
from tests.broker.clients import Device
from tests.broker.conftest import OTHER, PUMP, TRACKER_PASSWORD, configuration, nats_users
from tests.servers import wait_until
from tracker.broker.configuration import BrokerConfiguration
from tracker.broker.credentials import Credential
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.jetstream_limits import MAX_WAITING_PER_TOPIC, OTHER_BYTES, STREAMS, stream_limits
from tracker.broker.partitions import client_id, subscriptions
from tracker.broker.server_api import Loopback
from tracker.broker.session_reaper import SessionReaper
from tracker.broker.sessions import KEPT
from tracker.broker.users import CONTROL_USERNAME

HONEST = f"pumps/{OTHER}"
HOSTILE = f"pumps/{PUMP}"


class Installation:
    """A broker, the tracker at it, an honest pump and what a hostile one needs."""

    def __init__(self, setup: BrokerConfiguration, broker: EmbeddedBroker, pumps: dict[str, Credential]) -> None:
        self.setup = setup
        self.broker = broker
        self.pumps = pumps
        self._sent = 0
        self._lines: list[Line] = []

    def tracker(self) -> Device:
        return Device(
            self.setup.port, "tracker", TRACKER_PASSWORD, client_id=client_id(TRACKER_PASSWORD), clean=False
        ).connect()

    def line(self, name: str, *, clean: bool = False, serial: str = PUMP) -> Line:
        line = Line(self.setup.port, serial, self.pumps[serial].password, client_id=name, clean=clean)
        self._lines.append(line)
        return line

    def close(self) -> None:
        for line in self._lines:
            line.close()

    def serve_honest(self, tracker: Device) -> None:
        """An honest pump signs in, is heard, and gets its receipt."""
        self._sent += 1
        payload = b"honest %d" % self._sent
        with Device(self.setup.port, OTHER, self.pumps[OTHER].password) as pump:
            assert pump.welcome
            pump.subscribe(f"{HONEST}/receipt")
            pump.deliver(f"{HONEST}/telemetry", payload)
            tracker.wait_for(f"{HONEST}/telemetry", payload)
            tracker.deliver(f"{HONEST}/receipt", payload, retain=True)
            pump.wait_for(f"{HONEST}/receipt", payload)

    def files(self) -> int:
        return sum(len(files) for _, _, files in os.walk(self.setup.folder))

    def ask(self, subject: str) -> dict[str, object]:
        with Loopback(self.broker._client_port, CONTROL_USERNAME, self.broker._control_password) as server:
            return server.ask(subject)


@contextmanager
def installation(folder: Path, pumps: dict[str, Credential], **changes: int) -> Iterator[Installation]:
    made = configuration(folder / "broker")
    setup = BrokerConfiguration(made.folder, TRACKER_PASSWORD, port=made.port, **changes)  # type: ignore[arg-type]
    with (
        EmbeddedBroker(setup, nats_users(pumps.values())) as broker,
        closing(Installation(setup, broker, pumps)) as standing,
    ):
        yield standing


@pytest.fixture
def site(tmp_path: Path, pumps: dict[str, Credential]) -> Iterator[Installation]:
    with installation(tmp_path, pumps, store_bytes=256 * 1024**2) as made:
        yield made


def test_every_stream_is_bounded_from_the_start_and_together_they_fit_into_the_store(site: Installation) -> None:
    limits = stream_limits(site.setup.store_bytes)
    for name in STREAMS:
        config = site.ask(f"$JS.API.STREAM.INFO.{name}")["config"]
        assert isinstance(config, dict)
        assert config["discard"] == "new", name
        assert config["max_bytes"] == limits[name][1]["max_bytes"] > 0, name
    assert OTHER_BYTES < 1024**3


def test_streams_that_an_earlier_version_left_without_limits_get_them(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    with installation(tmp_path, pumps) as site:
        with site.tracker() as tracker:
            tracker.subscribe(*subscriptions())
        with Device(site.setup.port, PUMP, pumps[PUMP].password) as pump:
            pump.deliver(f"{HOSTILE}/telemetry", b"waits across the change")
        with Loopback(site.broker._client_port, CONTROL_USERNAME, site.broker._control_password) as server:
            for name in STREAMS:
                config = server.ask(f"$JS.API.STREAM.INFO.{name}")["config"]
                config |= {"max_bytes": -1, "max_msgs": -1, "discard": "old", "discard_new_per_subject": False}
                assert "error" not in server.ask(f"$JS.API.STREAM.UPDATE.{name}", config)
    with installation(tmp_path, pumps) as site, site.tracker() as tracker:
        for name in STREAMS:
            config = site.ask(f"$JS.API.STREAM.INFO.{name}")["config"]
            assert isinstance(config, dict)
            assert config["max_bytes"] > 0
        tracker.wait_for(f"{HOSTILE}/telemetry", b"waits across the change")


def test_thousands_of_client_ids_of_one_pump_are_reaped_and_the_pump_is_kept_out_while_others_are_served(
    site: Installation,
) -> None:
    with site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
        site.serve_honest(tracker)
        before = site.files()
        made = 0
        with suppress(LineLost):
            for number in range(3000):
                line = site.line(f"evil-{number}")
                line.subscribe(f"{HOSTILE}/receipt")
                if number % 2:
                    line.close()
                made = number + 1
                if made % 50 == 0:
                    site.serve_honest(tracker)
        assert KEPT < made < 3000
        wait_until(lambda: site.files() <= before + 5 * KEPT, what="the files of the sessions to be gone")
        with pytest.raises(LineLost):
            site.line("once more")
        site.serve_honest(tracker)
        assert tracker.connected


def test_who_opens_sessions_that_ask_for_nothing_and_leaves_them_is_kept_out_too(site: Installation) -> None:
    with site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
        site.serve_honest(tracker)
        before, began = site.files(), time.monotonic()
        with suppress(LineLost):  # until a sign-in is refused
            for number in itertools.count():
                site.line(f"bare-{number}").close()
                assert time.monotonic() < began + 60, "nothing stops them"
        wait_until(lambda: site.files() <= before + 5 * KEPT, what="what the sessions held to be gone")
        site.serve_honest(tracker)
        assert tracker.connected


def test_nobody_is_blamed_for_sessions_by_who_only_names_them_at_a_sign_in_that_fails(site: Installation) -> None:
    with site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
        site.serve_honest(tracker)
        for number in range(200):
            for _ in ("before", "after"):
                with pytest.raises(LineLost, match="refused"):
                    Line(site.setup.port, OTHER, "not its password", client_id=f"framed-{number}")
                site.line(f"framed-{number}").close()

        def kept_out(serial: str) -> bool:
            with Device(site.setup.port, serial, site.pumps[serial].password) as pump:
                return not pump.welcome

        wait_until(lambda: kept_out(PUMP) or kept_out(OTHER), 40, "somebody to be kept out")
        assert not kept_out(OTHER)
        assert kept_out(PUMP)
        site.serve_honest(tracker)


def test_sessions_left_by_an_earlier_start_are_reaped_and_keep_nobody_out(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    with installation(tmp_path, pumps) as site:
        fast = site.broker._client_port, site.broker._control_password
        for number in range(40):
            line = site.line(f"left-{number}")
            line.subscribe(f"{HOSTILE}/receipt")
            line.close()
        with SessionReaper(*fast, trusted=["tracker"]) as reaper:
            reaper.reap()
            left = site.ask("$JS.API.STREAM.INFO.$MQTT_sess")["state"]
            assert isinstance(left, dict)
            assert left["messages"] <= KEPT
    with installation(tmp_path, pumps) as site, site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
        with Device(site.setup.port, PUMP, pumps[PUMP].password) as pump:
            pump.deliver(f"{HOSTILE}/telemetry", b"welcome")
            tracker.wait_for(f"{HOSTILE}/telemetry", b"welcome")
        site.serve_honest(tracker)


def test_a_full_stream_of_sessions_refuses_new_ones_lets_the_tracker_in_and_is_emptied(
    tmp_path: Path, pumps: dict[str, Credential]
) -> None:
    with installation(tmp_path, pumps, max_sessions=12) as site:
        with site.tracker() as tracker:
            tracker.subscribe(*subscriptions())
        with suppress(LineLost):
            for number in range(40):
                site.line(f"full-{number}").close()
        with site.tracker() as tracker:
            assert tracker.session_present
            with SessionReaper(
                site.broker._client_port, site.broker._control_password, trusted=["tracker"], clock=_clock(0.0, 60.0)
            ) as reaper:
                reaper.reap()
                reaper.reap()
            site.serve_honest(tracker)


def _clock(*times: float) -> Callable[[], float]:
    """A clock that tells these times, one at each look."""
    return iter(times).__next__


def test_one_pumps_full_topic_refuses_that_pump_alone_and_nothing_that_was_acknowledged_is_lost(
    site: Installation,
) -> None:
    with site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
    hostile = site.line("flood", clean=True)
    with suppress(LineLost):
        hostile.flood(((f"{HOSTILE}/telemetry", b"%06d" % number) for number in range(3 * MAX_WAITING_PER_TOPIC)), 500)
    stored = site.broker.stored()
    assert stored.messages == MAX_WAITING_PER_TOPIC
    with Device(site.setup.port, OTHER, site.pumps[OTHER].password) as pump:
        pump.deliver(f"{HONEST}/telemetry", b"honest")
    with site.tracker() as tracker:
        tracker.wait_for(f"{HONEST}/telemetry", b"honest")
        wait_until(lambda: len(set(tracker.messages)) == MAX_WAITING_PER_TOPIC + 1, what="all that was acknowledged")
        wait_until(lambda: site.broker.stored().messages == 0, what="the store to be empty")
        site.serve_honest(tracker)


def test_a_session_that_never_takes_its_receipts_does_not_cut_off_the_tracker(site: Installation) -> None:
    deaf = site.line("deaf")
    deaf.subscribe(f"{HOSTILE}/receipt")
    deaf.close()
    with site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
        for number in range(600):
            tracker.publish(f"{HOSTILE}/receipt", b"%d" % number, retain=True)
        wait_until(lambda: len(tracker.acknowledged) == 600, what="the broker to take the receipts")
        with SessionReaper(site.broker._client_port, site.broker._control_password, trusted=["tracker"]) as reaper:
            found = reaper.reap()
        wait_until(lambda: site.broker.stored().messages == 0, what="the receipts to be gone")
        assert found.by_user == {PUMP: 1} or not len(found)
        site.serve_honest(tracker)
        assert tracker.connected


def test_retained_messages_of_one_pump_take_a_fixed_room_however_many_it_sends(site: Installation) -> None:
    with site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
        hostile = site.line("retain", clean=True)
        for number in range(600):
            hostile.publish(f"{HOSTILE}/{('telemetry', 'session', 'presence')[number % 3]}", b"x" * 16_000, retain=True)
            while hostile.unacknowledged > (20 if number < 599 else 0):
                hostile.turn(0.1)
        wait_until(lambda: len(tracker.messages) >= 600, what="the tracker to have them")
        wait_until(lambda: site.ask("$JS.API.STREAM.INFO.$MQTT_rmsgs")["state"]["messages"] <= 4, what="three retained")  # type: ignore[index]
        site.serve_honest(tracker)


def test_wills_go_nowhere_but_to_the_pumps_own_topics(site: Installation) -> None:
    with site.tracker() as tracker:
        tracker.subscribe(*subscriptions())
        for number in range(30):
            topic = f"{HONEST}/telemetry" if number % 2 else f"{HOSTILE}/presence"
            device = Device(
                site.setup.port, PUMP, site.pumps[PUMP].password, will=(topic, b"will %d" % number), keepalive=5
            )
            device.connect()
            device.cut()
        site.serve_honest(tracker)
        assert not any(b"will" in payload for topic, payload in tracker.messages if topic.startswith(HONEST))
