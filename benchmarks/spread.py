"""A batch in which every message is from another pump, beside one of few pumps: ``python -m benchmarks.spread``.

The usual case of a large clinic is the dear one: each pump has one message an interval, so a state and a mark are read
and moved for every message, and every reading falls on a page of its own. Whole batches go through ingest's own ledger
into SQLite and PostgreSQL, the socket and the broker left out; each pump has some readings before it begins.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from statistics import median

from rich.console import Console
from sqlalchemy import text

from benchmarks import load
from benchmarks.measure import cpu_of_server
from benchmarks.report import machine, markdown, put
from tests.servers import postgres_cluster
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.gc_tuning import calm_the_collector
from tracker.ingest.inbound_message import Arrival
from tracker.records import partitions, schema
from tracker.records.column_types import to_micros
from tracker.records.database import Database

_WIDE, _NARROW = 20_000, 200
_HISTORY = 50  # readings of each pump: more than fit on one of SQLite's pages
_CASES = ((_NARROW, 4000), (_WIDE, 4000), (_WIDE, 500))
"""(pumps that report in turn, messages in a batch)."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Microseconds for one message: of the process (median batch), of the database server, and elapsed (median)."""

    cpu_us: float
    server_us: float
    elapsed_us: float


def main() -> None:
    """Measure each case on each database; write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.spread", description=__doc__)
    parser.add_argument("--messages", type=int, default=60_000, help="of each case")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    console = Console()
    rows: list[tuple[str, ...]] = []
    calm_the_collector()
    with tempfile.TemporaryDirectory(prefix="pump-spread-") as folder, postgres_cluster() as cluster:
        server = cluster.process.pid if cluster.process else None
        for kind, url in (("SQLite", f"sqlite:///{folder}/tracker.db"), ("PostgreSQL", cluster.new_database())):
            costs = _costs(url, None if kind == "SQLite" else server, chosen.messages)
            first = costs[0].cpu_us + costs[0].server_us
            for (pumps, batch), cost in zip(_CASES, costs, strict=True):
                cells = (f"{cost.cpu_us:.1f}", f"{cost.server_us:.1f}", f"{cost.elapsed_us:.1f}")
                ratio = f"{(cost.cpu_us + cost.server_us) / first:.2f}"
                rows.append((kind, f"{pumps:,}", f"{batch:,}", f"{min(pumps, batch):,}", *cells, ratio))
                console.print(rows[-1])
    headings = (
        "database",
        "pumps in turn",
        "messages a batch",
        "pumps a batch",
        "µs/message",
        "server µs",
        "elapsed µs",
        "processor time, of the first",
    )
    table = markdown("Cost of a message by how many pumps a batch is from", headings, rows)
    put(chosen.out, "spread", f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")


def _costs(url: str, server: int | None, messages: int) -> list[Cost]:
    database = Database(url)
    schema.upgrade(database)
    load.enrol(database, _WIDE)
    _fill(database)
    ledger = Ledger(database, 1000)
    for epoch, pumps in ((1, _WIDE), (2, _NARROW)):
        for batch in _batches(pumps, 4000, pumps, start=1 if epoch > 1 else _HISTORY + 1, epoch=epoch):
            ledger.write(batch, datetime.now(UTC))
    seq, costs = _HISTORY + 2, []
    for pumps, size in _CASES:
        wide = pumps == _WIDE
        batches = list(_batches(pumps, size, messages, start=seq if wide else 2, epoch=1 if wide else 2))
        seq += messages // pumps if wide else 0
        costs.append(_cost(ledger, batches, server))
    ledger.close()
    return costs


def _cost(ledger: Ledger, batches: list[list[Arrival]], server: int | None) -> Cost:
    served, found = cpu_of_server(server), []
    for batch in batches:
        used, began = time.process_time(), time.perf_counter()
        ledger.write(batch, datetime.now(UTC))
        found.append(
            (
                (time.process_time() - used) / len(batch) * 1e6,
                (time.perf_counter() - began) / len(batch) * 1e6,
            )
        )
    cpu, elapsed = (median(column) for column in zip(*found, strict=True))
    return Cost(cpu, (cpu_of_server(server) - served) / sum(map(len, batches)) * 1e6, elapsed)


def _batches(pumps: int, size: int, messages: int, *, start: int, epoch: int) -> Iterator[list[Arrival]]:
    """So many messages, from ``start`` on of that epoch, the pumps in turn."""
    source = load.messages(pumps, messages // pumps, start=start, epoch=epoch)
    arrivals = (Arrival(topic.encode(), payload, 1) for topic, payload in source)
    while batch := list(islice(arrivals, size)):
        yield batch


def _fill(database: Database) -> None:
    """A short history of every pump, and its marks."""
    start: object = to_micros(load.FIRST) if database.is_sqlite else load.FIRST
    pause: object = 300_000_000 if database.is_sqlite else timedelta(minutes=5)
    numbers = _NUMBERS_SQLITE if database.is_sqlite else _NUMBERS_POSTGRES
    beyond = "'[]'" if database.is_sqlite else "'[]'::jsonb"
    with database.engine.connect().execution_options(tracker_writes=True) as connection:
        if not database.is_sqlite:
            with connection.begin():
                partitions.ensure_months(connection, [partitions.month_of(load.FIRST)], datetime.now(UTC))
        with connection.begin():
            known = {"start": start, "pause": pause, "upto": _HISTORY}
            connection.execute(text(f"{numbers} {_READINGS}"), known)
            connection.execute(text(_MARKS.format(beyond=beyond)), {"upto": _HISTORY, "now": start})
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))


_NUMBERS_SQLITE = (
    "WITH RECURSIVE s(n, at) AS (SELECT 1, :start + :pause UNION ALL SELECT n + 1, at + :pause FROM s WHERE n < :upto)"
)
_NUMBERS_POSTGRES = (
    "WITH s AS (SELECT n, CAST(:start AS timestamptz) + n * CAST(:pause AS interval) AS at "
    "FROM generate_series(1, :upto) AS n)"
)
_READINGS = (
    "INSERT INTO reading (pump_id, epoch, seq, measured_at, received_at, battery_voltage_v, battery_percent, "
    "battery_indicator, reservoir_ml, flow_ml_per_day, infusion, motor, alarms, firmware) "
    "SELECT pump.id, 1, n, at, at, 2.81, 61.5, 'ok', 12.44, 0.312, 'simple_continuous', 'running', '', '1.04' "
    "FROM pump CROSS JOIN s ORDER BY pump.id, n"
)
_MARKS = (
    "INSERT INTO delivery_mark (pump_id, epoch, contiguous, beyond, updated_at) "
    "SELECT id, 1, :upto, {beyond}, :now FROM pump"
)


if __name__ == "__main__":
    main()
