"""``make soak``: every fault in full number, with real processes; the last result goes to docs/benchmarks.md.

Each story sends a known set of messages while something is killed again and again, and ends with the stored set held
against the sent one. ``python -m benchmarks.faults.soak [STORY …]`` runs some of them alone.
"""

from __future__ import annotations

import argparse
import os
import random
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from rich.console import Console
from sqlalchemy.exc import DBAPIError

from benchmarks import load
from benchmarks.brokers import mosquitto, nats
from benchmarks.faults.site import Sender, Site, fill_disk, site
from benchmarks.report import machine, markdown, put
from tests.servers import postgres_cluster, wait_until

_MESSAGES = 100_000
_SECONDS_A_FAULT = 3.0  # so that messages flow to the last of them
_CHANCE = random.Random(20261122)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one story ended with. ``lost`` and ``doubled`` must be 0."""

    story: str
    faults: int
    sent: int
    lost: int
    doubled: int
    repeated: int
    seconds: float

    def cells(self) -> tuple[str, ...]:
        """The outcome as a row."""
        numbers = (self.faults, self.sent, self.lost, self.doubled, self.repeated)
        return (self.story, *(f"{number:,}" for number in numbers), f"{self.seconds:.0f}")


@contextmanager
def story(name: str, running: Site, faults: int, patience: float = 30.0) -> Iterator[_Telling]:
    """A sender at work; afterwards everything must be covered by receipts, stored, and stored once."""
    messages = list(load.messages(running.pumps, _MESSAGES // running.pumps))
    pace = len(messages) / (faults * _SECONDS_A_FAULT)
    telling = _Telling(name, running, Sender(running.line, messages, patience, pace))
    telling.sender.start()
    yield telling
    telling.finish()


class _Telling:
    def __init__(self, name: str, running: Site, sender: Sender) -> None:
        self.name, self.running, self.sender = name, running, sender
        self.began = time.monotonic()
        self.faults = 0
        self.outcome: Outcome | None = None

    def between(self, faults: int) -> Iterator[int]:
        """One turn for each fault, at a random moment while messages flow; ends early when everything is covered."""
        for turn in range(faults):
            before = self.running.count()
            until = time.monotonic() + 30
            while self.running.count() <= before + 200 and self.sender.uncovered and time.monotonic() < until:
                time.sleep(0.02)
            time.sleep(_CHANCE.random() * 0.3)
            self.faults += 1
            yield turn

    def finish(self) -> None:
        wait_until(lambda: self.sender.uncovered == 0, 300, f"receipts in {self.name} ({self.sender.uncovered} open)")
        self.sender.join()
        stored = self.running.stored()
        self.outcome = Outcome(
            self.name,
            self.faults,
            len(self.sender.sent),
            len(self.sender.sent - set(stored)),
            len(stored) - len(set(stored)),
            self.sender.repeated,
            time.monotonic() - self.began,
        )


def ingest_killed(folder: Path, faults: int) -> Outcome:
    """Ingest, with Mosquitto and SQLite."""
    with mosquitto() as broker, site(folder, broker, f"sqlite:///{folder / 'tracker.db'}") as running:
        running.start_ingest()
        running.wait_subscribed()
        with story("ingest killed", running, faults) as telling:
            for _ in telling.between(faults):
                running.kill_ingest()
                running.start_ingest()
    return _told(telling)


def ingest_killed_on_nats(folder: Path, faults: int) -> Outcome:
    """Ingest, with the embedded broker and PostgreSQL."""
    with (
        postgres_cluster() as cluster,
        nats() as broker,
        site(folder, broker, cluster.new_database()) as running,
    ):
        running.start_ingest()
        running.wait_subscribed()
        with story("ingest killed, embedded broker", running, faults) as telling:
            for _ in telling.between(faults):
                running.kill_ingest()
                running.start_ingest()
    return _told(telling)


def broker_killed(folder: Path, faults: int) -> Outcome:
    """The embedded broker, which keeps its store and is started again by its owner."""
    with nats() as broker, site(folder, broker, f"sqlite:///{folder / 'tracker.db'}") as running:
        running.start_ingest()
        running.wait_subscribed()
        with story("embedded broker killed", running, faults) as telling:
            for _ in telling.between(faults):
                killed = broker.pid
                os.kill(killed, signal.SIGKILL)
                wait_until(lambda killed=killed: broker.ready and broker.pid != killed, 60, "the broker")  # type: ignore[misc]
    return _told(telling)


def broker_forgets(folder: Path, faults: int) -> Outcome:
    """Mosquitto without a store: each end is the end of all that it held."""
    with mosquitto() as broker, site(folder, broker, f"sqlite:///{folder / 'tracker.db'}") as running:
        running.start_ingest()
        running.wait_subscribed()
        with story("broker killed, forgets everything", running, faults, 3.0) as telling:
            for _ in telling.between(faults):
                broker.stop(signal.SIGKILL)
                broker.start()
    return _told(telling)


def postgres_killed(folder: Path, faults: int) -> Outcome:
    """PostgreSQL, all of its processes at once."""
    with (
        postgres_cluster() as cluster,
        mosquitto() as broker,
        site(folder, broker, cluster.new_database()) as running,
    ):
        running.start_ingest()
        running.wait_subscribed()
        with story("PostgreSQL killed", running, faults) as telling:
            for _ in telling.between(faults):
                cluster.stop(signal.SIGKILL)
                time.sleep(1.0)  # the killed server's children notice and end
                cluster.start()
    return _told(telling)


def disk_full(folder: Path, faults: int) -> Outcome:
    """A small disk of its own, filled to the last byte and freed again; needs the right to mount."""
    disk = folder / "disk"
    disk.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(disk)], check=True)
    try:
        with mosquitto() as broker, site(folder, broker, f"sqlite:///{disk / 'tracker.db'}") as running:
            running.start_ingest()
            running.wait_subscribed()
            with story("disk full", running, min(faults, 5)) as telling:
                for turn in telling.between(min(faults, 5)):
                    wait_until(partial(_full, running, disk / "ballast", turn), 60, "the full disk")
                    (disk / "ballast").unlink()
        return _told(telling)
    finally:
        subprocess.run(["umount", "-l", str(disk)], check=True)


def _full(running: Site, ballast: Path, turn: int) -> bool:
    """Leave no byte, not even in the log that SQLite would fill again; whether ingest has noticed."""
    with suppress(DBAPIError), running.database.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    fill_disk(ballast)
    return running.log().count("waiting for it") > turn


def backlog(folder: Path, _faults: int) -> Outcome:
    """A hundred thousand messages wait in the broker; then a kill in the burst, and one restart."""
    with mosquitto() as broker, site(folder, broker, f"sqlite:///{folder / 'tracker.db'}", pumps=100) as running:
        running.start_ingest()
        running.wait_subscribed()
        running.kill_ingest()
        messages = list(load.messages(100, 1000))
        running.line().flood(messages)
        running.start_ingest()
        running.wait_for(20_000)
        running.kill_ingest()
        began = time.monotonic()
        process = running.start_ingest()
        running.wait_for(len(messages), 120)
        seconds = time.monotonic() - began
        peak = _peak_mib(process.pid)
        stored = running.stored()
        lost, doubled = len(messages) - len(set(stored)), len(stored) - len(set(stored))
        return Outcome(
            f"100,000 waiting, killed in the burst (peak {peak} MiB)", 1, len(messages), lost, doubled, 0, seconds
        )


def million(folder: Path, _faults: int) -> Outcome:
    """A million messages gather while PostgreSQL is stopped; it returns, and everything comes in."""
    with (
        postgres_cluster() as cluster,
        mosquitto() as broker,
        site(folder, broker, cluster.new_database(), pumps=200) as running,
    ):
        process = running.start_ingest()
        running.wait_subscribed()
        cluster.stop()
        line = running.line()
        line.flood(load.messages(200, 5000))
        time.sleep(2.0)
        cluster.start()
        began = time.monotonic()
        running.wait_for(1, 30)
        resumed = time.monotonic() - began
        running.wait_for(1_000_000, 600)
        seconds = time.monotonic() - began
        stored = running.stored()
        peak = _peak_mib(process.pid)
        lost, doubled = 1_000_000 - len(set(stored)), len(stored) - len(set(stored))
        name = f"1,000,000 waiting while PostgreSQL is stopped (first commit after {resumed:.1f} s, peak {peak} MiB)"
        return Outcome(name, 1, 1_000_000, lost, doubled, 0, seconds)


def _peak_mib(pid: int) -> int:
    status = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) // 1024 for line in status.splitlines() if line.startswith("VmHWM"))


def _told(telling: _Telling) -> Outcome:
    assert telling.outcome is not None
    return telling.outcome


STORIES: dict[str, Callable[[Path, int], Outcome]] = {
    "ingest": ingest_killed,
    "ingest-nats": ingest_killed_on_nats,
    "broker": broker_killed,
    "broker-forgets": broker_forgets,
    "postgres": postgres_killed,
    "disk": disk_full,
    "backlog": backlog,
    "million": million,
}


def main() -> None:
    """Tell the stories; exit with 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.soak", description=__doc__)
    parser.add_argument("stories", nargs="*", choices=[*STORIES, []], help="all of them unless named")
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    console = Console()
    outcomes = []
    for name in chosen.stories or STORIES:
        with tempfile.TemporaryDirectory(prefix="pump-soak-") as folder:
            Path(folder).chmod(0o755)
            try:
                outcomes.append(STORIES[name](Path(folder), chosen.faults))
            except subprocess.CalledProcessError as fault:
                console.print(f"{name}: left out, {fault}")
                continue
        console.print("  ".join(outcomes[-1].cells()))
    headings = ("story", "faults", "messages sent", "lost", "doubled", "sent again", "seconds")
    table = markdown("Every fault in full number", headings, [outcome.cells() for outcome in outcomes])
    put(chosen.out, "faults", f"Run {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")
    sys.exit(any(outcome.lost or outcome.doubled for outcome in outcomes))


if __name__ == "__main__":
    main()
