"""A cluster of three nodes as we ship it: what one sign-in heaps up there is ended by the watch beside each node."""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from benchmarks.line import Line, LineLost
from tests.broker.clients import Device
from tests.broker.conftest import TRACKER_PASSWORD
from tests.end_to_end.product import Product
from tests.servers import end, free_port, listens, wait_until
from tracker.broker.jetstream_limits import MESSAGES, SESSIONS
from tracker.broker.server_api import Answer, Loopback
from tracker.broker.server_process import find_server
from tracker.broker.sessions import KEPT
from tracker.broker.users import CONTROL_USERNAME
from tracker.errors import Unavailable

_SESSIONS = 300
_SUBSCRIBED = 25
_ONCE_MORE = 150


@dataclass
class Node:
    """One node: its folder, the ports of MQTT and of NATS's own protocol, and the watch beside it."""

    home: Path
    mqtt: int
    nats: int

    @property
    def pid_file(self) -> Path:
        return self.home / "nats.pid"


@contextmanager
def _cluster(product: Product, password_file: Path) -> Iterator[list[Node]]:
    routes = [free_port() for _ in range(3)]
    nodes = [Node(product.folder / f"node-{number}", free_port(), free_port()) for number in range(3)]
    with ExitStack() as ending:
        for node in nodes:
            product.tracker("broker", "nats-files", str(node.home), "--password-file", str(password_file))
            shutil.copy("deploy/nats/node.conf", node.home)
        for node, route in zip(nodes, routes, strict=True):
            others = ", ".join(f'"nats://127.0.0.1:{one}"' for one in routes if one != route)
            environment = os.environ | {
                "NODE": node.home.name,
                "STORE": str(node.home / "store"),
                "MQTT_LISTEN": f"127.0.0.1:{node.mqtt}",
                "NATS_LISTEN": f"127.0.0.1:{node.nats}",
                "CLUSTER_LISTEN": f"127.0.0.1:{route}",
                "CLUSTER_ROUTES": f"[{others}]",
            }
            words = [str(find_server(None)), "-c", str(node.home / "node.conf"), "-P", str(node.pid_file)]
            process = subprocess.Popen([*words, "-l", str(node.home / "log")], env=environment)
            ending.callback(end, process, signal.SIGKILL)
        wait_until(lambda: all(listens(node.mqtt) for node in nodes), what="three nodes to listen")
        yield nodes


@contextmanager
def _watched(product: Product, nodes: list[Node], password_file: Path) -> Iterator[None]:
    """The watch beside each node, as the handbook has it."""
    with ExitStack() as ending:
        for node in nodes:
            words = ["broker", "nats-files", str(node.home), "--password-file", str(password_file), "--watch"]
            words += ["--pid-file", str(node.pid_file), "--nats-port", str(node.nats)]
            log = ending.enter_context((node.home / "watch.log").open("ab"))
            command = [sys.executable, "-m", "tracker.cli.main", *words]
            process = subprocess.Popen(command, env=product.environment, stdout=log, stderr=log)
            ending.callback(end, process)
        yield


def _standing(node: Node) -> tuple[int, int]:
    """Sessions and subscriptions that the cluster keeps, once it says: while it elects a leader it does not."""
    answers: list[Answer] = []

    def answered() -> bool:
        with suppress(Unavailable), Loopback(node.nats, CONTROL_USERNAME, TRACKER_PASSWORD) as asked:
            answers[:] = [asked.ask(f"$JS.API.STREAM.INFO.{name}") for name in (SESSIONS, MESSAGES)]
            return all("error" not in answer for answer in answers)
        return False

    wait_until(answered, 30, "the cluster to say what it keeps")
    sessions, messages = (answer["state"] for answer in answers)
    return sessions["messages"], messages["consumer_count"]


def _heap_up(nodes: list[Node], password: str, count: int, subscribed: int = 0) -> int:
    """Durable sessions of one sign-in at these nodes in turn; how many until it was refused."""
    for number in range(count):
        node = nodes[number % len(nodes)]
        try:
            line = Line(node.mqtt, "EVIL", password, client_id=f"evil-{secrets.token_hex(8)}", clean=False)
        except LineLost:
            return number
        with suppress(LineLost):
            if number < subscribed:
                line.subscribe("pumps/EVIL/receipt", seconds=5.0)
        line.close()
    return count


def _settled(node: Node, username: str, password: str, client_id: str, *filters: str) -> Device:
    """A durable session with its subscriptions; while the cluster elects its leaders it turns some away."""
    granted: list[Device] = []

    def attempt() -> bool:
        device = Device(node.mqtt, username, password, client_id=client_id, clean=False).connect()
        if device.connected and all(device.subscribe(*filters)):
            granted.append(device)
        else:
            device.close()
        return bool(granted)

    wait_until(attempt, 60, "the cluster to grant a subscription")
    return granted[0]


def test_hundreds_of_sessions_of_one_sign_in_end_at_every_node_and_an_honest_one_keeps_what_waits_for_it(
    tmp_path: Path,
) -> None:
    product = Product(tmp_path, TRACKER_INGEST_PARTITIONS="8")
    product.tracker("db", "upgrade")
    passwords = product.enrol_all(dict.fromkeys(["EVIL", "HONEST"], "synchromed-ii-20"))
    password_file = tmp_path / "password"
    password_file.write_text(TRACKER_PASSWORD + "\n")
    with _cluster(product, password_file) as nodes:
        first, second, third = nodes
        receipts = "pumps/HONEST/receipt"
        _settled(second, "HONEST", passwords["HONEST"], "honest", receipts).close()
        _settled(third, "tracker", TRACKER_PASSWORD, "away", "ingest/1/+/telemetry").close()
        tracker = _settled(first, "tracker", TRACKER_PASSWORD, "worker", "ingest/0/+/telemetry")
        words = ("broker", "nats-limits", str(first.nats), "--password-file", str(password_file))
        assert "5 streams are bounded" in product.tracker(*words)
        tracker.deliver(receipts, b"what waits for the honest one")

        def heaped() -> bool:
            _heap_up(nodes, passwords["EVIL"], _SESSIONS, _SUBSCRIBED)
            sessions, subscriptions = _standing(first)
            return sessions >= _SESSIONS and subscriptions >= _SUBSCRIBED

        wait_until(heaped, 120, "one sign-in to heap up sessions")

        with _watched(product, nodes, password_file):
            wait_until(lambda: _standing(first)[0] <= KEPT + 3, 90, "the sessions to end")
            wait_until(lambda: _standing(first)[1] <= KEPT + 3, 30, "their subscriptions to end")
            with Device(third.mqtt, "HONEST", passwords["HONEST"], client_id="honest", clean=False) as honest:
                assert honest.session_present
                honest.wait_for(receipts, b"what waits for the honest one")
                wait_until(
                    lambda: [_heap_up([node], passwords["EVIL"], _ONCE_MORE) for node in nodes] == [0, 0, 0],
                    90,
                    "the hostile one to be kept out at every node",
                )
                assert honest.connected
                assert tracker.connected
                tracker.deliver(receipts, b"what comes afterwards")
                honest.wait_for(receipts, b"what comes afterwards")
            with Device(second.mqtt, "tracker", TRACKER_PASSWORD, client_id="away", clean=False) as away:
                assert away.session_present
            tracker.close()
            wait_until(lambda: _standing(first)[0] <= KEPT + 3, 60, "what came meanwhile to end")


def test_the_port_of_the_servers_own_protocol_without_the_watch_is_refused_in_a_sentence(tmp_path: Path) -> None:
    product = Product(tmp_path, TRACKER_MQTT_URL=f"mqtt://tracker:{TRACKER_PASSWORD}@127.0.0.1:1883")
    with pytest.raises(AssertionError, match="name both or neither"):
        product.tracker("broker", "nats-files", str(tmp_path / "files"), "--nats-port", "4222")
    assert not (tmp_path / "files").exists()
