"""The two installations under attack, as an operator runs them: real processes, a broker, a database, pages."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import httpx
import psutil
from sqlalchemy import create_engine, text

from benchmarks.hostile.attacks import ATTACKS, Hostile
from tests.broker.conftest import TRACKER_PASSWORD, mosquitto
from tests.end_to_end.product import Product
from tests.servers import Postgres, listens, wait_until
from tracker.broker.credentials import Credential, bcrypt_hash, mosquitto_hash

HONEST = "HONEST-1"
TWINS = "TWINS-1"  # the login that two devices use
NURSE, PASSWORD = "nurse@clinic.example", "a long password of a test"
_CSRF = re.compile(r'name="csrf" value="([^"]+)"')


@dataclass
class Installation:
    """A running installation with an honest pump and one hostile communicator for each kind of attack."""

    product: Product
    passwords: dict[str, str]
    broker_folder: Path
    seq: int = 0
    broker_pid: int = 0
    memory_at_first: float = 0

    def __post_init__(self) -> None:
        self.memory_at_first = self.memory_mb()

    def hostile(self, attack: str) -> Hostile:
        return Hostile(self.product.broker_port, hostile_serial(attack), self.passwords[hostile_serial(attack)])

    def nurse(self) -> httpx.Client:
        """A browser in which a nurse is signed in."""
        pages = httpx.Client(base_url=f"http://127.0.0.1:{self.product.web_port}", timeout=30)
        found = _CSRF.search(pages.get("/sign-in").text)
        assert found
        answer = pages.post("/sign-in", data={"email": NURSE, "password": PASSWORD, "csrf": found[1]})
        assert answer.status_code == 303, answer.text
        return pages

    def memory_mb(self) -> float:
        """What all processes hold together, the broker among them."""
        roots = [psutil.Process(each.pid) for each in self.product.processes.values()]
        family = {one for root in roots for one in [root, *root.children(recursive=True)]}
        return float(sum(one.memory_info().rss for one in family)) / 1024**2 + self.mosquitto_mb()

    def mosquitto_mb(self) -> float:
        """What Mosquitto holds, which has a process of its own; 0 where the broker is the tracker's child."""
        return float(psutil.Process(self.broker_pid).memory_info().rss) / 1024**2 if self.broker_pid else 0.0

    def database_mb(self) -> float:
        """What the database takes on the disk, SQLite's log included."""
        url = self.product.environment.get("TRACKER_DATABASE_URL")
        if url is None:
            files = [*(self.product.folder / "data").glob("*.db*")]
            return sum(file.stat().st_size for file in files if file.exists()) / 1024**2
        engine = create_engine(url)
        try:
            with engine.connect() as connection:
                size: int = connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one()
                return size / 1024**2
        finally:
            engine.dispose()

    def broker_mb(self) -> float:
        """What the broker's folder takes on the disk."""
        blocks = 0
        for folder, _, names in os.walk(self.broker_folder):
            for name in names:
                with suppress(FileNotFoundError):  # a session that ends takes its files away meanwhile
                    blocks += (Path(folder) / name).stat().st_blocks
        return blocks * 512 / 1024**2

    def broker_files(self) -> int:
        """How many files the broker keeps."""
        return sum(len(names) for _, _, names in os.walk(self.broker_folder))


def hostile_serial(attack: str) -> str:
    """The pump whose communicator makes that attack."""
    return f"EVIL-{attack.upper()}"


def _pumps() -> dict[str, str]:
    return dict.fromkeys([HONEST, TWINS, *map(hostile_serial, ATTACKS)], "synchromed-ii-20")


def _add_nurse(product: Product) -> None:
    product.tracker("staff", "add", NURSE, "--role", "nurse", "--password-stdin", given=f"{PASSWORD}\n")


@contextmanager
def embedded(folder: Path) -> Iterator[Installation]:
    """``tracker serve --embedded-broker`` on SQLite."""
    product = Product(folder)
    try:
        product.tracker("db", "upgrade")
        passwords = product.enrol_all(_pumps())
        _add_nurse(product)
        product.start("serve", "--embedded-broker")
        wait_until(lambda: listens(product.web_port), 60, "the pages")
        wait_until(lambda: "subscribed" in (folder / "serve.log").read_text(), 60, "ingest")
        yield Installation(product, passwords, folder / "data" / "broker")
    finally:
        product.stop()


@contextmanager
def separate(folder: Path, postgres: Postgres) -> Iterator[Installation]:
    """Ingest, scheduler and pages on PostgreSQL, with the Mosquitto that we ship the configuration of."""
    product = Product(folder, TRACKER_DATABASE_URL=postgres.new_database())
    product.tracker("db", "upgrade")
    passwords = product.enrol_all(_pumps())
    _add_nurse(product)
    credentials = [
        Credential(serial, serial, password, bcrypt_hash(password), mosquitto_hash(password))
        for serial, password in passwords.items()
    ]
    with mosquitto(folder / "mosquitto", credentials) as (port, pid):
        product.broker_port = port
        product.environment["TRACKER_MQTT_URL"] = f"mqtt://tracker:{TRACKER_PASSWORD}@127.0.0.1:{port}"
        try:
            for name in ("ingest", "schedule", "web"):
                product.start(name)
            wait_until(lambda: listens(product.web_port), 60, "the pages")
            wait_until(lambda: "subscribed" in (folder / "ingest.log").read_text(), 60, "ingest")
            yield Installation(product, passwords, folder / "mosquitto" / "data", broker_pid=pid)
        finally:
            product.stop()
