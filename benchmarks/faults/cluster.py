"""Three nodes of NATS as one broker under fire: the configuration that we ship, each node to be killed and revived."""

from __future__ import annotations

import os
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.brokers import LOAD, PASSWORD, Nats
from benchmarks.line import Line, LineLost
from tests.servers import end, free_port, listens, wait_until
from tracker.broker.credentials import bcrypt_hash
from tracker.broker.server_process import find_server
from tracker.broker.users import BrokerUser, write_system_account, write_users

_SHIPPED = Path("deploy/nats/node.conf")
_NODES = 3


class PatientLine(Line):
    """A connection that takes a refused subscription for a lost connection: a cluster that elects refuses some."""

    def subscribe(self, *filters: str, qos: int = 1, seconds: float = 20.0) -> None:
        """Subscribe, or raise ``LineLost``."""
        try:
            super().subscribe(*filters, qos=qos, seconds=seconds)
        except AssertionError as fault:
            raise LineLost(str(fault)) from fault


class NatsCluster(Nats):
    """A cluster of three. ``port`` and ``url`` are those of a node that lives, as a load balancer would give out."""

    def __init__(self, folder: Path, partitions: int) -> None:
        super().__init__(folder, partitions)
        self._ports = [free_port() for _ in range(_NODES)]
        self._routes = [free_port() for _ in range(_NODES)]
        self._processes: dict[int, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        """Start all nodes and wait until they listen; they may still elect their leaders then."""
        for node in range(_NODES):
            home = self.folder / f"node-{node}"
            home.mkdir()
            (home / "node.conf").write_text(
                _SHIPPED.read_text().replace("partition(8,", f"partition({self.partitions},")
            )
            write_users(
                home / "users.conf",
                [BrokerUser(LOAD, bcrypt_hash(PASSWORD), "*")],
                tracker_hash=bcrypt_hash(PASSWORD),
                partitions=self.partitions,
            )
            write_system_account(home / "system.conf", bcrypt_hash(PASSWORD))
            self._launch(node)
        wait_until(lambda: all(map(listens, self._ports)), what="three nodes to listen")
        self.port = self._ports[0]

    def stop(self) -> None:
        """End all nodes at once."""
        for process in self._processes.values():
            end(process, signal.SIGKILL)
        self._processes.clear()

    def kill(self, node: int) -> None:
        """End one node as a power cut would; ``port`` is another's from now on."""
        end(self._processes.pop(node), signal.SIGKILL)
        self.port = self._ports[min(self._processes)]

    def revive(self, node: int) -> None:
        """Start a killed node on the store that it left."""
        self._launch(node)
        wait_until(lambda: listens(self._ports[node]), what=f"node {node} to listen")

    def line(self) -> Line:
        """A connection for load to a node that lives."""
        return PatientLine(self.port, LOAD, PASSWORD)

    def url_of(self, node: int) -> str:
        """Where the tracker connects to that node."""
        return f"mqtt://tracker:{PASSWORD}@127.0.0.1:{self._ports[node]}"

    def _launch(self, node: int) -> None:
        home = self.folder / f"node-{node}"
        others = ", ".join(f'"nats://127.0.0.1:{route}"' for at, route in enumerate(self._routes) if at != node)
        environment = os.environ | {
            "NODE": f"tracker-{node}",
            "STORE": str(home / "store"),
            "MQTT_LISTEN": f"127.0.0.1:{self._ports[node]}",
            "NATS_LISTEN": "127.0.0.1:-1",
            "CLUSTER_LISTEN": f"127.0.0.1:{self._routes[node]}",
            "CLUSTER_ROUTES": f"[{others}]",
        }
        words = [str(find_server(None)), "-c", str(home / "node.conf"), "-l", str(home / "log")]
        self._processes[node] = subprocess.Popen(words, env=environment, stderr=subprocess.DEVNULL)


@contextmanager
def nats_cluster(partitions: int) -> Iterator[NatsCluster]:
    """A running cluster."""
    with tempfile.TemporaryDirectory(prefix="pump-cluster-", ignore_cleanup_errors=True) as folder:
        cluster = NatsCluster(Path(folder), partitions)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()


def partition_of(serial: str, partitions: int) -> int:
    """Which partition NATS gives a serial: FNV-1a of its bytes, 32 bits."""
    value = 2166136261
    for byte in serial.encode():
        value = (value ^ byte) * 16777619 % 2**32
    return value % partitions
