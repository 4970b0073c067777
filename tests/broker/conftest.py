"""Both brokers as they are run: the embedded one as it configures itself, Mosquitto with the files that we ship."""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.broker.clients import Device
from tests.servers import binary, end, free_port, listens, wait_until
from tracker.broker.configuration import BrokerConfiguration, Tls
from tracker.broker.credentials import Credential, issue_many, mosquitto_hash
from tracker.broker.embedded_broker import EmbeddedBroker
from tracker.broker.mosquitto import write_mosquitto_files
from tracker.broker.partitions import subscriptions
from tracker.broker.users import BrokerUser

PUMP = "A.B-c_1"  # every character that a serial may hold and that a broker may stumble over
OTHER = "SN0002"
TRACKER_PASSWORD = "the-trackers-own-password"
SHIPPED = Path("deploy/mosquitto/mosquitto.conf")


@dataclass
class Site:
    """A running broker, the communicators that may sign in, and clients for them."""

    port: int
    credentials: dict[str, Credential]
    witnesses: tuple[Device, Device] | None = None

    def watched(self) -> tuple[Device, Device]:
        """The tracker with all its subscriptions and the other pump with its receipt's, the same for all tests."""
        if self.witnesses is None or not all(one.connected for one in self.witnesses):
            self.close()  # on Mosquitto a later sign-in takes the place of the one before
            tracker, other = self.tracker().connect(), self.pump(OTHER).connect()
            tracker.subscribe(*subscriptions())
            other.subscribe(f"pumps/{OTHER}/receipt")
            other.deliver(f"pumps/{OTHER}/session", b"what was retained has come before this")
            tracker.wait_for(f"pumps/{OTHER}/session", b"what was retained has come before this")
            self.witnesses = tracker, other
        for one in self.witnesses:
            one.messages.clear()
        return self.witnesses

    def close(self) -> None:
        for one in self.witnesses or ():
            one.close()

    def pump(self, serial: str = PUMP, *, client_id: str | None = None, clean: bool = True) -> Device:
        return Device(self.port, serial, self.credentials[serial].password, client_id=client_id, clean=clean)

    def tracker(self, *, client_id: str | None = None, clean: bool = True) -> Device:
        return Device(self.port, "tracker", TRACKER_PASSWORD, client_id=client_id, clean=clean)


def nats_users(credentials: Iterable[Credential]) -> list[BrokerUser]:
    return [BrokerUser(one.username, one.bcrypt_hash, one.serial) for one in credentials]


def mosquitto_users(credentials: Iterable[Credential]) -> list[BrokerUser]:
    return [BrokerUser(one.username, one.mosquitto_hash, one.serial) for one in credentials]


def configuration(
    folder: Path, *, partitions: int = 1, tls: Tls | None = None, store_bytes: int = 64 * 1024**2
) -> BrokerConfiguration:
    return BrokerConfiguration(
        folder=folder,
        tracker_password=TRACKER_PASSWORD,
        port=free_port(),
        store_bytes=store_bytes,
        partitions=partitions,
        tls=tls,
    )


@contextmanager
def mosquitto(folder: Path, credentials: Iterable[Credential], *further: str) -> Iterator[tuple[int, int]]:
    """Mosquitto with the configuration that we ship, its paths and port put here; the port and the process id."""
    port = free_port()
    (folder / "data").mkdir(parents=True, exist_ok=True)
    write_mosquitto_files(folder, mosquitto_users(credentials), mosquitto_hash(TRACKER_PASSWORD))
    text = SHIPPED.read_text()
    text = text.replace("/mosquitto/config/", f"{folder}/").replace("/mosquitto/data/", f"{folder / 'data'}/")
    text = text.replace("listener 1883", "\n".join([f"listener {port} 127.0.0.1", *further]))
    (folder / "mosquitto.conf").write_text("user root\n" + text)  # as root it would give its rights up and read nothing
    process = subprocess.Popen(
        [binary("mosquitto"), "-c", str(folder / "mosquitto.conf")], stderr=(folder / "log").open("ab")
    )
    try:
        wait_until(lambda: listens(port) or process.poll() is not None, what="Mosquitto to listen")
        assert process.poll() is None, (folder / "log").read_text()
        yield port, process.pid
    finally:
        end(process)


@pytest.fixture(scope="session")
def pumps() -> dict[str, Credential]:
    return {one.serial: one for one in issue_many([PUMP, OTHER])}


@pytest.fixture(scope="module")
def nats_site(tmp_path_factory: pytest.TempPathFactory, pumps: dict[str, Credential]) -> Iterator[Site]:
    setup = configuration(tmp_path_factory.mktemp("broker"))
    with EmbeddedBroker(setup, nats_users(pumps.values())), closing(Site(setup.port, pumps)) as site:
        yield site


@pytest.fixture(scope="module")
def mosquitto_site(tmp_path_factory: pytest.TempPathFactory, pumps: dict[str, Credential]) -> Iterator[Site]:
    with (
        mosquitto(tmp_path_factory.mktemp("mosquitto"), pumps.values()) as (port, _),
        closing(Site(port, pumps)) as site,
    ):
        yield site


@pytest.fixture(params=["nats", "mosquitto"])
def site(request: pytest.FixtureRequest) -> Site:
    """Each broker in turn, with two pumps enrolled."""
    found: Site = request.getfixturevalue(f"{request.param}_site")
    return found
