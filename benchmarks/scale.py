"""Two ingest workers on two partitions beside one on one: ``python -m benchmarks.scale``.

Through the embedded broker into PostgreSQL. What counts is the processor time for one message: where the machine has
processors to spare, twice the workers then bring twice the messages.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from rich.console import Console
from sqlalchemy import create_engine, text

from benchmarks import brokers, load
from benchmarks.brokers import PASSWORD
from benchmarks.line import Line
from benchmarks.measure import cpu_of, load_line
from benchmarks.report import machine, markdown, put
from tests.servers import end, postgres_cluster, wait_until
from tracker.broker.partitions import client_id, subscriptions
from tracker.records import schema
from tracker.records.database import Database

_PUMPS = 200


def main() -> None:
    """Measure one worker and two, in turn; write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--messages", type=int, default=30_000)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    console = Console()
    results: dict[int, list[tuple[float, float]]] = {1: [], 2: []}
    with postgres_cluster() as cluster:
        for _ in range(chosen.rounds):
            for workers, found in results.items():
                found.append(_drain(cluster.new_database(), workers, chosen.messages // _PUMPS))
                console.print(f"{workers}: {found[-1][0]:,.0f}/s, {found[-1][1]:.1f} µs a message")
    medians = {
        workers: tuple(median(column) for column in zip(*found, strict=True)) for workers, found in results.items()
    }
    rows: list[tuple[str, ...]] = [
        (str(workers), f"{rate:,.0f}", f"{rate / medians[1][0]:.2f}", f"{cpu:.1f}", f"{cpu / medians[1][1]:.2f}")
        for workers, (rate, cpu) in medians.items()
    ]
    table = markdown("Workers on partitions", ("workers", "messages/s", "of one", "µs/message", "of one"), rows)
    put(chosen.out, "workers", f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")


def _drain(url: str, workers: int, each: int) -> tuple[float, float]:
    """(messages a second, processor microseconds of all workers for one message) over one backlog."""
    database = Database(url)
    schema.upgrade(database)
    load.enrol(database, _PUMPS)
    database.close()
    engine = create_engine(url)
    with brokers.nats(workers) as broker, tempfile.TemporaryDirectory(prefix="pump-scale-") as folder:
        for number in range(workers):
            line = Line(
                broker.port, "tracker", PASSWORD, client_id=client_id(PASSWORD, f"ingest-{number}"), clean=False
            )
            line.subscribe(*subscriptions(number if workers > 1 else None, workers))
            line.close()
        line = load_line(broker)
        line.flood(load.messages(_PUMPS, each))
        processes = [_start(broker, url, Path(folder), number, workers) for number in range(workers)]

        def stored() -> int:
            with engine.connect() as connection:
                return int(connection.execute(text("SELECT sum(received + duplicates) FROM pump_state")).scalar() or 0)

        try:
            wait_until(lambda: stored() > 0, 60, "the first batch")
            first, began, used = stored(), time.perf_counter(), sum(cpu_of(each.pid) for each in processes)
            wait_until(lambda: stored() >= _PUMPS * each, 120, "all")
            taken = _PUMPS * each - first
            seconds = time.perf_counter() - began
            return taken / seconds, (sum(cpu_of(each.pid) for each in processes) - used) / taken * 1e6
        finally:
            for process in processes:
                end(process)
            engine.dispose()


def _start(broker: brokers.Nats, url: str, folder: Path, number: int, workers: int) -> subprocess.Popen[bytes]:
    environment = os.environ | {
        "TRACKER_DATA_DIR": str(folder),
        "TRACKER_DATABASE_URL": url,
        "TRACKER_MQTT_URL": broker.url,
        "TRACKER_INGEST_PARTITION": str(number),
        "TRACKER_INGEST_PARTITIONS": str(workers),
    }
    words = [sys.executable, "-m", "tracker.cli.main", "ingest"]
    with (folder / f"{number}.log").open("ab") as log:
        return subprocess.Popen(words, env=environment, stdout=log, stderr=log)


if __name__ == "__main__":
    main()
