"""The configuration that we ship for a NATS cluster: three nodes on loopback, one of them killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tests.broker.clients import Device
from tests.broker.conftest import TRACKER_PASSWORD, nats_users
from tests.servers import end, free_port, listens, wait_until
from tracker.broker.credentials import Credential, bcrypt_hash, issue_many
from tracker.broker.partitions import client_id, parse_topic, subscriptions
from tracker.broker.server_process import find_server
from tracker.broker.users import write_system_account, write_users

PARTITIONS = 8  # as the shipped mapping has it


@contextmanager
def _cluster(folder: Path, credentials: list[Credential]) -> Iterator[list[tuple[int, subprocess.Popen[bytes]]]]:
    """Three nodes: each one's MQTT port and process."""
    routes = [free_port() for _ in range(3)]
    nodes = []
    with ExitStack() as ending:
        for number, route in enumerate(routes):
            home = folder / f"node-{number}"
            home.mkdir()
            shutil.copy("deploy/nats/node.conf", home)
            write_users(
                home / "users.conf",
                nats_users(credentials),
                tracker_hash=bcrypt_hash(TRACKER_PASSWORD),
                partitions=PARTITIONS,
            )
            write_system_account(home / "system.conf", bcrypt_hash(TRACKER_PASSWORD))
            port = free_port()
            others = ", ".join(f'"nats://127.0.0.1:{other}"' for other in routes if other != route)
            environment = os.environ | {
                "NODE": f"tracker-{number}",
                "STORE": str(home / "store"),
                "MQTT_LISTEN": f"127.0.0.1:{port}",
                "NATS_LISTEN": "127.0.0.1:-1",
                "CLUSTER_LISTEN": f"127.0.0.1:{route}",
                "CLUSTER_ROUTES": f"[{others}]",
            }
            process = subprocess.Popen(
                [find_server(None), "-c", str(home / "node.conf"), "-l", str(home / "log")],
                env=environment,
                stderr=subprocess.DEVNULL,
            )
            ending.callback(end, process, signal.SIGKILL)
            nodes.append((port, process))
        wait_until(
            lambda: all(listens(port) or process.poll() is not None for port, process in nodes),
            what="three nodes to listen",
        )
        assert all(process.poll() is None for _, process in nodes)
        yield nodes


def _signed_in(make: Callable[[], Device], seconds: float = 60) -> Device:
    """A client that the cluster has welcomed; while it elects its leaders it turns some away."""
    welcomed: list[Device] = []

    def attempt() -> bool:
        device = make().connect()
        if device.connected:
            welcomed.append(device)
            return True
        device.close()
        return False

    wait_until(attempt, seconds, "the cluster to welcome a client")
    return welcomed[0]


def _worker(port: int, number: int) -> Device:
    """The ingest worker of one partition, in its persistent session, with every subscription granted."""
    identity = client_id(TRACKER_PASSWORD, f"ingest-{number}")
    granted: list[Device] = []

    def attempt() -> bool:
        worker = _signed_in(lambda: Device(port, "tracker", TRACKER_PASSWORD, client_id=identity, clean=False))
        if worker.subscribe(*subscriptions(number, PARTITIONS)) == [True] * 3:
            granted.append(worker)
            return True
        worker.close()
        return False

    wait_until(attempt, 60, "the cluster to grant every subscription")
    return granted[0]


def _report(port: int, credential: Credential, numbers: range) -> None:
    pump = _signed_in(lambda: Device(port, credential.username, credential.password))
    sent = {pump.publish(f"pumps/{credential.serial}/telemetry", b"%d" % number) for number in numbers}
    wait_until(lambda: pump.acknowledged >= sent, 60, "the cluster's acknowledgments")
    pump.close()


def test_a_lost_node_loses_no_acknowledged_message_and_keeps_each_pumps_order(tmp_path: Path) -> None:
    credentials = issue_many([f"SN.{number}" for number in range(6)])
    with _cluster(tmp_path, credentials) as nodes:
        (first, _), (second, _), (third, third_process) = nodes
        for number in range(PARTITIONS):
            _worker(first, number).close()
        for one in credentials:
            _report(third, one, range(10))
        end(third_process, signal.SIGKILL)
        for one in credentials:
            _report(second, one, range(10, 20))

        workers = [_worker(second, number) for number in range(PARTITIONS)]
        expected = {(one.serial, b"%d" % number) for one in credentials for number in range(20)}

        def came() -> set[tuple[str, bytes]]:
            arrived = [(parse_topic(topic), body) for worker in workers for topic, body in worker.messages]
            return {(arrival.serial, body) for arrival, body in arrived if arrival is not None}

        wait_until(lambda: came() >= expected, 60, "every acknowledged message")
        for worker in workers:
            seen: dict[str, int] = {}
            for topic, body in dict.fromkeys(worker.messages):
                arrival = parse_topic(topic)
                assert arrival is not None
                assert seen.get(arrival.serial, -1) < int(body)
                seen[arrival.serial] = int(body)
            worker.close()
        assert came() == expected
