"""What must not be able to hurt: garbage without end, a broker without memory, a communicator killed at its work."""

from __future__ import annotations

import csv
import json
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

from sqlalchemy import text

from benchmarks import load
from benchmarks.brokers import LOAD, PASSWORD, Mosquitto, Nats, mosquitto, nats
from benchmarks.faults.site import Message, Sender, Site, site
from devices import topics
from tests.servers import end, wait_until

KEPT = 50


def rejected_kept(running: Site) -> dict[str, int]:
    """How many rejected messages are kept whole, by serial."""
    with running.database.engine.connect() as connection:
        rows = connection.execute(text("SELECT serial, count(*) FROM rejected_message GROUP BY serial"))
        return {row[0]: row[1] for row in rows}


def garbage(pump: int, first: int, count: int) -> list[tuple[str, bytes]]:
    """Messages of 2 KiB that say nothing, each another one."""
    topic = topics.telemetry(load.serial(pump))
    return [(topic, f"{number:010d} is no report ".encode() * 100) for number in range(first, first + count)]


def test_garbage_without_end_takes_bounded_room_and_what_is_cut_is_counted(tmp_path: Path, sqlite_url: str) -> None:
    settings = {"TRACKER_REJECTED_PER_PUMP": str(KEPT)}
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url, pumps=5, **settings) as running:
        running.start_ingest()
        running.wait_subscribed()
        line = running.line()
        line.flood([*garbage(0, 0, 1500), *load.messages(5, 20), *garbage(1, 0, 1000)])
        running.wait_for(2500 + 100)
        assert rejected_kept(running) == {load.serial(0): KEPT, load.serial(1): KEPT}
        assert running.state("rejected") == 2500
        assert running.state("rejected_cut") == 2500 - 2 * KEPT
        assert len(running.stored()) == 100
        line.flood(garbage(0, 1500, 1500))
        running.wait_for(4000 + 100)
        assert rejected_kept(running)[load.serial(0)] == KEPT
        assert running.state("rejected_cut") == 4000 - 2 * KEPT


def test_an_embedded_broker_whose_store_is_deleted_is_made_up_for_by_receipts(tmp_path: Path, sqlite_url: str) -> None:
    with nats() as broker, site(tmp_path, broker, sqlite_url) as running:
        running.start_ingest()
        running.wait_subscribed()
        sender = Sender(running.line, list(load.messages(20, 200)), patience=2.0, a_second=2000)
        sender.start()
        running.wait_for(500)
        running.kill_ingest()  # so that what follows waits in the broker alone
        time.sleep(0.3)
        broker.stop()
        stores = [each for each in broker.folder.rglob("jetstream") if each.is_dir()]
        assert stores
        for each in stores:
            shutil.rmtree(each)
        broker.start()
        running.start_ingest()
        wait_until(lambda: sender.uncovered == 0, 60, "receipts for all")
        stored = running.stored()
        assert len(stored) == len(set(stored))
        assert set(stored) == sender.sent


def communicators(broker: Mosquitto | Nats, folder: Path, pumps: int, rate: int, count: int) -> subprocess.Popen[bytes]:
    """The communicators of these pumps in a process of their own, with their journal in the folder."""
    credentials = folder / "credentials.csv"
    with credentials.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["serial", "username", "password"])
        writer.writerows([load.serial(number), LOAD, PASSWORD] for number in range(pumps))
    words = ["--credentials", str(credentials), "--journal", str(folder / "journal"), "--pumps", str(pumps)]
    words += ["--mqtt-url", f"127.0.0.1:{broker.port}", "--rate", str(rate), "--count", str(count)]
    return subprocess.Popen([sys.executable, "-m", "simulators", "load", *words], stdout=subprocess.PIPE)


def numbered(folder: Path) -> set[Message]:
    """Every message that the communicators ever numbered, from their journal."""
    journal = sqlite3.connect(folder / "journal" / "journal.sqlite")
    pumps = journal.execute("SELECT serial, epoch, seq FROM pump").fetchall()
    journal.close()
    return {(serial, epoch, seq) for serial, epoch, last in pumps for seq in range(1, last + 1)}


def test_communicators_killed_at_their_work_send_everything_once_they_are_back(tmp_path: Path, sqlite_url: str) -> None:
    with mosquitto() as broker, site(tmp_path, broker, sqlite_url) as running:
        running.start_ingest()
        running.wait_subscribed()
        for _ in range(2):
            before = running.count()
            process = communicators(broker, tmp_path, 20, rate=1000, count=1_000_000)
            wait_until(lambda before=before: running.count() > before + 300, 60, "their messages")  # type: ignore[misc]
            end(process, signal.SIGKILL)
        last = communicators(broker, tmp_path, 20, rate=1000, count=20)
        said, _ = last.communicate(timeout=60)
        assert json.loads(said)["complete"]
        stored = running.stored()
        assert len(stored) == len(set(stored)) > 600
        assert set(stored) == numbered(tmp_path)
