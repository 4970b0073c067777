"""The second half of ``make soak``: faults of many parts at once, in full number, written to the benchmarks.

A cluster that loses nodes and workers in turn, an embedded broker whose store is deleted, communicators killed at their
work, the whole demo killed, and one pump that floods while the others wait for their receipts.
``python -m benchmarks.faults.wide [STORY …]``.
"""

from __future__ import annotations

import argparse
import random
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console

from benchmarks import load
from benchmarks.brokers import mosquitto, nats
from benchmarks.faults.cluster import nats_cluster
from benchmarks.faults.site import Sender, Site, site
from benchmarks.faults.soak import Outcome
from benchmarks.line import Line
from benchmarks.report import machine, markdown, put
from devices import topics
from tests.end_to_end.demo import Demo
from tests.faults.test_abuse import communicators, numbered
from tests.servers import end, postgres_cluster, wait_until

_PER_FAULT = 2000  # messages sent for each fault
_PUMPS = 20
_WORKERS = 4
_FLOOD_A_SECOND = 10_000
_LONG_AGO = load.FIRST - timedelta(days=2000)  # so that the last report of the flood is not of tomorrow
_QUIET_WAIT_MAX_S = 5.0
_CHANCE = random.Random(20261122)


def _turns(running: Site, sender: Sender, faults: int) -> Iterator[int]:
    """One turn for each fault, each after some messages have come in; ends early when everything is covered."""
    for turn in range(faults):
        before, until = running.count(), time.monotonic() + 60
        while running.count() <= before + _PER_FAULT // 4 and sender.uncovered and time.monotonic() < until:
            time.sleep(0.05)
        yield turn


def _finish(name: str, running: Site, sender: Sender, faults: int, began: float) -> Outcome:
    wait_until(lambda: sender.uncovered == 0, 300, f"receipts in {name} ({sender.uncovered} open)")
    stored = running.stored()
    lost, doubled = len(sender.sent - set(stored)), len(stored) - len(set(stored))
    return Outcome(name, faults, len(sender.sent), lost, doubled, sender.repeated, time.monotonic() - began)


def _sender(connect: Callable[[], Line], faults: int, patience: float) -> Sender:
    sender = Sender(connect, list(load.messages(_PUMPS, faults * _PER_FAULT // _PUMPS)), patience, a_second=1000)
    sender.start()
    return sender


def cluster(folder: Path, faults: int) -> Outcome:
    """Three nodes and four workers: a node and a worker are killed in turn, and come back."""
    began = time.monotonic()
    with (
        postgres_cluster() as records,
        nats_cluster(_WORKERS) as nodes,
        site(folder, nodes, records.new_database(), _PUMPS, TRACKER_INGEST_PARTITIONS=str(_WORKERS)) as running,
    ):

        def start(worker: int) -> None:
            running.start_ingest(str(worker), TRACKER_INGEST_PARTITION=str(worker), TRACKER_MQTT_URL=nodes.url)

        for worker in range(_WORKERS):
            start(worker)
        for worker in range(_WORKERS):
            running.wait_subscribed(str(worker))
        sender = _sender(nodes.line, faults, 10.0)
        for turn in _turns(running, sender, faults):
            if turn % 2:
                running.kill_ingest(str(turn // 2 % _WORKERS))
                start(turn // 2 % _WORKERS)
            else:  # the workers stay on the first node, so that one of the others can be spared
                nodes.kill(1 + turn // 2 % 2)
                time.sleep(2.0)
                nodes.revive(1 + turn // 2 % 2)
        return _finish("cluster: a node, a worker in turn", running, sender, faults, began)


def store_deleted(folder: Path, faults: int) -> Outcome:
    """The embedded broker loses its whole store each time it is down."""
    began = time.monotonic()
    with nats() as broker, site(folder, broker, f"sqlite:///{folder / 'tracker.db'}", _PUMPS) as running:
        running.start_ingest()
        running.wait_subscribed()
        sender = _sender(running.line, faults, 3.0)
        for _ in _turns(running, sender, faults):
            broker.stop()
            for store in broker.folder.rglob("jetstream"):
                shutil.rmtree(store)
            broker.start()
        return _finish("embedded broker's store deleted", running, sender, faults, began)


def communicators_killed(folder: Path, faults: int) -> Outcome:
    """The communicators' process; the sent set is what their journal has numbered."""
    began = time.monotonic()
    with mosquitto() as broker, site(folder, broker, f"sqlite:///{folder / 'tracker.db'}", _PUMPS) as running:
        running.start_ingest()
        running.wait_subscribed()
        for _ in range(faults):
            before = running.count()
            process = communicators(broker, folder, _PUMPS, rate=2000, count=10_000_000)
            wait_until(lambda before=before: running.count() > before + 1000, 60, "their messages")  # type: ignore[misc]
            end(process, signal.SIGKILL)
        communicators(broker, folder, _PUMPS, rate=1000, count=_PUMPS).communicate(timeout=120)
        sent, stored = numbered(folder), running.stored()
        lost, doubled = len(sent - set(stored)), len(stored) - len(set(stored))
        return Outcome("communicators killed", faults, len(sent), lost, doubled, 0, time.monotonic() - began)


def demo_killed(folder: Path, faults: int) -> Outcome:
    """The whole demo at once: broker, ingest, pages, schedule and communicators; the sent set is their journal's."""
    began = time.monotonic()
    demo = Demo(folder)
    for _ in range(faults):
        demo.start()
        demo.up()
        time.sleep(_CHANCE.uniform(0.0, 3.0))
        demo.kill()
    demo.start()
    demo.up()
    sent = numbered(folder / "data" / "clinic")
    try:
        wait_until(lambda: sent <= set(demo.stored()), 120, "every message that was numbered")
        stored = demo.stored()
    finally:
        demo.stop()
    lost, doubled = len(sent - set(stored)), len(stored) - len(set(stored))
    return Outcome("the whole demo killed", faults, len(sent), lost, doubled, 0, time.monotonic() - began)


def flood(folder: Path, faults: int) -> Outcome:
    """One pump sends 10,000 a second; the others' longest wait for a receipt is in the name."""
    began, waits = time.monotonic(), []
    total = faults * _PER_FAULT
    with mosquitto() as broker, site(folder, broker, f"sqlite:///{folder / 'tracker.db'}", _PUMPS) as running:
        running.start_ingest()
        running.wait_subscribed()
        thread = threading.Thread(target=_pour, args=(running.line(), total), daemon=True)
        thread.start()
        sent = {(load.serial(0), 1, seq) for seq in range(1, total + 1)}
        seq = 0
        while thread.is_alive():
            seq += 1
            quiet = [each for each in load.messages(_PUMPS, 1, start=seq) if f"/{load.serial(0)}/" not in each[0]]
            sender = Sender(running.line, quiet, patience=30.0)
            published = time.monotonic()
            sender.start()
            sender.join()
            waits.append(time.monotonic() - published)
            sent |= sender.sent
        running.wait_for(len(sent), 120)
        stored = running.stored()
    name = f"one pump floods; the others wait {max(waits):.1f} s at the longest (at most {_QUIET_WAIT_MAX_S:g})"
    lost, doubled = len(sent - set(stored)), len(stored) - len(set(stored))
    return Outcome(name, 1, len(sent), lost, doubled, 0, time.monotonic() - began)


def _pour(line: Line, total: int) -> None:
    began, topic = time.monotonic(), topics.telemetry(load.serial(0))
    for first in range(1, total + 1, 500):
        reports = range(first, min(first + 500, total + 1))
        line.flood((topic, load.payload(seq, first=_LONG_AGO)) for seq in reports)
        time.sleep(max(0.0, first / _FLOOD_A_SECOND - (time.monotonic() - began)))


STORIES: dict[str, Callable[[Path, int], Outcome]] = {
    "cluster": cluster,
    "store": store_deleted,
    "communicators": communicators_killed,
    "demo": demo_killed,
    "flood": flood,
}


def main() -> None:
    """Tell the stories; exit with 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.wide", description=__doc__)
    parser.add_argument("stories", nargs="*", choices=[*STORIES, []], help="all of them unless named")
    parser.add_argument("--faults", type=int, default=50)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    outcomes = []
    for name in chosen.stories or STORIES:
        with tempfile.TemporaryDirectory(prefix="pump-soak-", ignore_cleanup_errors=True) as folder:
            outcomes.append(STORIES[name](Path(folder), chosen.faults))
        Console().print("  ".join(outcomes[-1].cells()))
    headings = ("story", "faults", "messages sent", "lost", "doubled", "sent again", "seconds")
    table = markdown("Faults of many parts at once", headings, [outcome.cells() for outcome in outcomes])
    put(chosen.out, "wide faults", f"Run {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")
    sys.exit(any(outcome.lost or outcome.doubled for outcome in outcomes))


if __name__ == "__main__":
    main()
