"""The embedded broker on a disk that fills up and is emptied again."""

from __future__ import annotations

import os
import signal
from pathlib import Path

from tests.broker.clients import Device
from tests.broker.conftest import PUMP, TRACKER_PASSWORD, configuration, nats_users
from tests.servers import wait_until
from tracker.broker.configuration import BrokerConfiguration
from tracker.broker.credentials import Credential
from tracker.broker.disk import DiskWatch
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.folder_lock import PID_FILE
from tracker.broker.partitions import client_id, subscriptions

MIB = 1024**2
TELEMETRY = f"pumps/{PUMP}/telemetry"


def _tracker(setup: BrokerConfiguration) -> Device:
    return Device(setup.port, "tracker", TRACKER_PASSWORD, client_id=client_id(TRACKER_PASSWORD), clean=False)


def test_a_full_disk_is_found_full_and_then_not(small_disk: Path) -> None:
    watch = DiskWatch(small_disk)
    assert watch.has_room()
    assert not watch.has_room_again()  # nothing had failed
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * int(11.5 * MIB))
    assert watch.fail()
    assert not watch.fail()  # told once
    assert not watch.has_room_again()
    ballast.unlink()
    assert watch.has_room_again()
    assert list(small_disk.iterdir()) == []


def test_a_probe_that_can_be_neither_written_nor_removed_means_no_room(tmp_path: Path) -> None:
    (tmp_path / "room").mkdir()
    assert not DiskWatch(tmp_path).has_room()


def test_a_broker_whose_start_could_not_be_written_down_is_tried_again_until_it_can(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker")
    with EmbeddedBroker(setup) as broker:
        in_the_way, first = setup.folder / PID_FILE, broker.pid
        assert first is not None
        in_the_way.unlink()
        in_the_way.mkdir()
        os.kill(first, signal.SIGKILL)
        wait_until(lambda: broker.restarts >= 2, what="two attempts")
        assert not broker.ready
        in_the_way.rmdir()
        wait_until(lambda: broker.ready, what="the broker to be back")
        assert int(in_the_way.read_text()) == broker.pid


def test_a_full_disk_loses_nothing_acknowledged_and_is_recovered_from_without_help(
    small_disk: Path, pumps: dict[str, Credential]
) -> None:
    setup = configuration(small_disk / "broker")
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * 10 * MIB)
    with EmbeddedBroker(setup, nats_users(pumps.values())) as broker:
        with _tracker(setup) as tracker:
            tracker.subscribe(*subscriptions())
        acknowledged = 0
        with Device(setup.port, PUMP, pumps[PUMP].password) as pump:
            while broker.ready and pump.connected:
                pump.publish(TELEMETRY, b"%06d" % acknowledged + b"x" * 15_000)

                def answered(before: int = acknowledged) -> bool:
                    return len(pump.acknowledged) > before or bool(pump.partings) or not broker.ready

                wait_until(answered, what="an answer")
                acknowledged = len(pump.acknowledged)
        assert acknowledged > 10
        ballast.unlink()
        wait_until(lambda: broker.ready, what="the broker to take messages again")
        with Device(setup.port, PUMP, pumps[PUMP].password) as pump:
            pump.deliver(TELEMETRY, b"room again")
        with _tracker(setup) as tracker:
            tracker.wait_for(TELEMETRY, b"room again")
            arrived = {payload[:6] for _, payload in tracker.messages}
            assert {b"%06d" % number for number in range(acknowledged)} <= arrived
        assert broker.restarts == 1
