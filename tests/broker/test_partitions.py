"""One ingest worker or several: which topics each listens to, on brokers that really split them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.broker.clients import Device
from tests.broker.conftest import TRACKER_PASSWORD, configuration, mosquitto, nats_users
from tests.servers import free_port, wait_until
from tracker.broker.credentials import issue_many
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.partitions import KINDS, Arrival, client_id, parse_topic, subscriptions

SERIALS = ["A.B-c_1", ".", "..", "x.", "-", "_", "Z" * 64, *(f"SN{number}" for number in range(9))]


def test_one_worker_alone_listens_to_every_pump() -> None:
    assert subscriptions() == ["pumps/+/telemetry", "pumps/+/session", "pumps/+/presence"]


def test_a_worker_of_several_listens_to_its_own_partition() -> None:
    assert subscriptions(2, 4) == ["ingest/2/+/telemetry", "ingest/2/+/session", "ingest/2/+/presence"]
    assert subscriptions(None, 4)[0] == "ingest/+/+/telemetry"


def test_a_share_group_stands_before_the_plain_topics() -> None:
    assert subscriptions(group="tracker")[0] == "$share/tracker/pumps/+/telemetry"


@pytest.mark.parametrize(("partition", "partitions"), [(4, 4), (-1, 4), (1, 1)])
def test_a_partition_that_does_not_exist_is_refused(partition: int, partitions: int) -> None:
    with pytest.raises(ValueError, match="does not exist"):
        subscriptions(partition, partitions)


def test_a_share_group_and_partitions_exclude_each_other() -> None:
    with pytest.raises(ValueError, match="exclude each other"):
        subscriptions(0, 2, "tracker")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("serial", SERIALS)
def test_a_topic_says_the_same_mapped_or_not(serial: str, kind: str) -> None:
    assert parse_topic(f"pumps/{serial}/{kind}") == Arrival(serial, kind)
    assert parse_topic(f"ingest/3/{serial}/{kind}") == Arrival(serial, kind)


@pytest.mark.parametrize(
    "topic",
    ["", "pumps", "pumps//telemetry", "pumps/a/receipt", "pumps/a/b/telemetry", "ingest/a/telemetry", "x/a/telemetry"],
)
def test_any_other_topic_says_nothing(topic: str) -> None:
    assert parse_topic(topic) is None


def test_client_ids_are_fixed_differ_by_worker_and_password_and_hold_no_dot() -> None:
    assert client_id("a", "ingest-0") == client_id("a", "ingest-0")
    assert len({client_id("a", "ingest-0"), client_id("a", "ingest-1"), client_id("b", "ingest-0")}) == 3
    assert "." not in client_id("a", "ingest-0")


def test_every_pump_falls_to_one_worker_and_its_messages_stay_in_order(tmp_path: Path) -> None:
    partitions = 4
    setup = configuration(tmp_path / "broker", partitions=partitions)
    issued = issue_many(SERIALS)
    with EmbeddedBroker(setup, nats_users(issued)):
        workers = [Device(setup.port, "tracker", TRACKER_PASSWORD).connect() for _ in range(partitions)]
        for number, worker in enumerate(workers):
            assert worker.subscribe(*subscriptions(number, partitions)) == [True] * 3
        sent = [b"%d" % number for number in range(20)]
        for one in issued:
            with Device(setup.port, one.username, one.password) as pump:
                numbers = {pump.publish(f"pumps/{one.serial}/telemetry", payload) for payload in sent}
                numbers.add(pump.publish(f"pumps/{one.serial}/presence", b"here", retain=True))
                wait_until(lambda: pump.acknowledged >= numbers, what="all acknowledgments")  # noqa: B023 - waited for here
        wait_until(
            lambda: sum(len(worker.messages) for worker in workers) == len(issued) * (len(sent) + 1),
            what="every message to reach a worker",
        )
        homes: dict[str, set[int]] = {}
        for number, worker in enumerate(workers):
            for serial in SERIALS:
                came = [body for topic, body in worker.messages if parse_topic(topic) == Arrival(serial, "telemetry")]
                if came:
                    assert came == sent
                    homes.setdefault(serial, set()).add(number)
            worker.close()
        assert set(homes) == set(SERIALS)
        assert all(len(home) == 1 for home in homes.values())
        assert len(set.union(*homes.values())) > 1


def test_a_pump_is_held_to_its_own_topics_where_they_are_mapped(tmp_path: Path) -> None:
    setup = configuration(tmp_path / "broker", partitions=4)
    own, other = issue_many(["A.B-c_1", "SN0002"])
    with (
        EmbeddedBroker(setup, nats_users([own, other])),
        Device(setup.port, "tracker", TRACKER_PASSWORD) as tracker,
        Device(setup.port, other.username, other.password) as honest,
    ):
        tracker.subscribe(*subscriptions(None, 4))
        for topic in ("pumps/SN0002/telemetry", "ingest/0/SN0002/telemetry", "ingest/0/SN0002/presence"):
            with Device(setup.port, own.username, own.password) as intruder:
                intruder.attempt(topic, b"forged")
        with Device(setup.port, own.username, own.password) as curious:
            assert not any(curious.subscribe("ingest/+/+/telemetry"))
        honest.deliver("pumps/SN0002/telemetry", b"true")
        wait_until(lambda: tracker.messages, what="the true message")
        assert [payload for _, payload in tracker.messages] == [b"true"]


def test_mosquitto_shares_the_messages_of_a_group(tmp_path: Path) -> None:
    issued = issue_many(["A.B-c_1", "SN0002"])
    pumps_port = free_port()  # the workers share one sign-in, which needs a listener without the line for pumps
    with mosquitto(tmp_path, issued, f"listener {pumps_port} 127.0.0.1") as (port, _):
        workers = [Device(port, "tracker", TRACKER_PASSWORD).connect() for _ in range(2)]
        for worker in workers:
            assert worker.subscribe(*subscriptions(group="tracker")) == [True] * 3
        for one in issued:
            with Device(pumps_port, one.username, one.password) as pump:
                for number in range(10):
                    pump.deliver(f"pumps/{one.serial}/telemetry", b"%s %d" % (one.serial.encode(), number))
        wait_until(lambda: sum(len(worker.messages) for worker in workers) == 20, what="every message, once")
        assert len({payload for worker in workers for _, payload in worker.messages}) == 20
        assert all(worker.messages for worker in workers)
        for worker in workers:
            worker.close()
