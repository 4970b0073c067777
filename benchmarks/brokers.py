"""The brokers that load runs through, each on a free port: Mosquitto with 1,000 in flight, and the embedded NATS."""

from __future__ import annotations

import signal
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.servers import binary, end, free_port, listens, wait_until
from tracker.broker.configuration import BrokerConfiguration
from tracker.broker.credentials import bcrypt_hash
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.users import BrokerUser

PASSWORD = "loopback-only"
LOAD = "load"  # the load generator's own account, which may speak for every pump


@dataclass
class Mosquitto:
    """Mosquitto on loopback, open to all; ``persist`` keeps its queues on disk at a clean end."""

    folder: Path
    persist: bool = False
    settings: tuple[str, ...] = ()
    port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """Where the tracker connects."""
        return f"mqtt://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it listens."""
        lines = [
            "user root",  # started by root it would give its rights up and read nothing
            f"listener {self.port} 127.0.0.1",
            "allow_anonymous true",
            "max_inflight_messages 1000",
            "max_queued_messages 0",
            "set_tcp_nodelay true",
            f"persistence {'true' if self.persist else 'false'}",
            *([f"persistence_location {self.folder}/"] if self.persist else []),
            *self.settings,
        ]
        file = self.folder / "mosquitto.conf"
        file.write_text("\n".join(lines) + "\n")
        self.process = subprocess.Popen([binary("mosquitto"), "-c", str(file)], stderr=subprocess.DEVNULL)
        wait_until(lambda: listens(self.port), what="Mosquitto")

    def stop(self, how: int = signal.SIGTERM) -> None:
        """End it: SIGKILL is a crash."""
        if self.process is not None:
            end(self.process, how)
            self.process = None


@contextmanager
def mosquitto(*settings: str, persist: bool = False) -> Iterator[Mosquitto]:
    """A running Mosquitto."""
    with tempfile.TemporaryDirectory(prefix="pump-mqtt-") as folder:
        broker = Mosquitto(Path(folder), persist, settings)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()


@dataclass
class Nats:
    """The embedded broker, with an account for the load generator."""

    folder: Path
    partitions: int = 1
    port: int = field(default_factory=free_port)
    running: EmbeddedBroker | None = None

    @property
    def url(self) -> str:
        """Where the tracker connects."""
        return f"mqtt://tracker:{PASSWORD}@127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it and wait until it is ready."""
        setup = BrokerConfiguration(
            folder=self.folder, tracker_password=PASSWORD, port=self.port, partitions=self.partitions
        )
        self.running = EmbeddedBroker(setup, [BrokerUser(LOAD, bcrypt_hash(PASSWORD), "*", connections=100_000)])
        self.running.start()
        self.running.wait_ready()

    def stop(self) -> None:
        """End it."""
        if self.running is not None:
            self.running.stop()
            self.running = None

    @property
    def ready(self) -> bool:
        """Whether the server takes connections now."""
        return self.running is not None and self.running.pid is not None and self.running.ready

    @property
    def pid(self) -> int:
        """The server's process; 0 while it is being started again."""
        return (self.running and self.running.pid) or 0


@contextmanager
def nats(partitions: int = 1) -> Iterator[Nats]:
    """A running embedded broker."""
    with tempfile.TemporaryDirectory(prefix="pump-nats-") as folder:
        broker = Nats(Path(folder), partitions)
        broker.start()
        try:
            yield broker
        finally:
            broker.stop()
