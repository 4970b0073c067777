"""What a message costs when millions of readings are stored already: ``python -m benchmarks.size``.

Fills ``reading`` by SQL to each size in turn and writes the same batches into it through ingest's own ledger. Both the
processor time and the bytes written are told, since elapsed time depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import quantiles

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

_PUMPS = 200
_BATCH = 4000
_BATCHES = 40
_START = datetime(2019, 1, 1, tzinfo=UTC)
_SPAN = timedelta(days=7 * 365)


@dataclass(frozen=True, slots=True)
class Cost:
    """In microseconds a message: the process and elapsed as lower quartiles of the batches, the server over all."""

    rows: int
    cpu_us: float
    server_us: float
    elapsed_us: float
    reading_bytes: float
    """What the database holds for one reading, its indexes among it, the log not."""


def main() -> None:
    """Fill, measure, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.size", description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[1_000_000, 50_000_000])
    parser.add_argument("--database", choices=["SQLite", "PostgreSQL"], help="this one alone")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    console = Console()
    rows: list[tuple[str, ...]] = []
    calm_the_collector()
    with tempfile.TemporaryDirectory(prefix="pump-size-") as folder, postgres_cluster("max_wal_size=4GB") as cluster:
        server = cluster.process.pid if cluster.process else None
        for kind, url in (("SQLite", f"sqlite:///{folder}/tracker.db"), ("PostgreSQL", cluster.new_database())):
            if chosen.database not in {None, kind}:
                continue
            costs = _costs(url, sorted(chosen.rows), None if kind == "SQLite" else server, console)
            for cost in costs:
                ratio = (cost.cpu_us + cost.server_us) / (costs[0].cpu_us + costs[0].server_us)
                cells = (
                    f"{cost.rows:,}",
                    f"{cost.reading_bytes:.0f}",
                    f"{cost.cpu_us:.1f}",
                    f"{cost.server_us:.1f}",
                    f"{cost.elapsed_us:.1f}",
                )
                rows.append((kind, *cells, f"{ratio:.2f}"))
                console.print(rows[-1])
    headings = (
        "database",
        "readings stored",
        "bytes a reading",
        "µs/message",
        "server µs",
        "elapsed µs",
        "processor time, of the first",
    )
    table = markdown("Cost of a message by the size of the database", headings, rows)
    put(chosen.out, "size", f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}.\n\n{table}")


def _costs(url: str, sizes: list[int], server: int | None, console: Console) -> list[Cost]:
    database = Database(url)
    schema.upgrade(database)
    load.enrol(database, _PUMPS)
    ledger = Ledger(database, 1000)
    filled, seq, costs = 0, 0, []
    for size in sizes:
        began = time.monotonic()
        _fill(database, filled // _PUMPS, size // _PUMPS, sizes[-1] // _PUMPS)
        filled = size
        each = _stored_bytes(database) / size
        console.print(f"{database.url.get_backend_name()}: {size:,} readings after {time.monotonic() - began:.0f} s")
        found = []
        served = cpu_of_server(server)
        for _ in range(_BATCHES):
            messages = load.messages(_PUMPS, _BATCH // _PUMPS, start=seq + 1, epoch=2)
            seq += _BATCH // _PUMPS
            found.append(_write(ledger, [Arrival(topic.encode(), payload, 1) for topic, payload in messages]))
        cpu, elapsed = (quantiles(column)[0] for column in zip(*found, strict=True))
        costs.append(Cost(size, cpu, (cpu_of_server(server) - served) / (_BATCHES * _BATCH) * 1e6, elapsed, each))
    ledger.close()
    return costs


def _stored_bytes(database: Database) -> int:
    """The size of SQLite's whole file, nearly all of it readings; on PostgreSQL that of the readings' partitions."""
    sql = _SIZE_SQLITE if database.is_sqlite else _SIZE_POSTGRES
    with database.engine.connect() as connection:
        return int(connection.execute(text(sql)).scalar_one())


def _write(ledger: Ledger, batch: list[Arrival]) -> tuple[float, float]:
    used, began = time.process_time(), time.perf_counter()
    ledger.write(batch, datetime.now(UTC))
    return (
        (time.process_time() - used) / len(batch) * 1e6,
        (time.perf_counter() - began) / len(batch) * 1e6,
    )


def _fill(database: Database, after: int, upto: int, most: int) -> None:
    """Readings ``after`` < seq <= ``upto`` for every pump, spread over seven years by the largest size."""
    step = _SPAN / most
    with database.engine.connect().execution_options(tracker_writes=True) as connection:
        if not database.is_sqlite:
            with connection.begin():
                first = partitions.month_of(_START)
                months = [partitions.month_after(first, number) for number in range(12 * 8)]
                partitions.ensure_months(connection, months, datetime.now(UTC))
        for pump in range(1, _PUMPS + 1):
            with connection.begin():
                sql = _FILL_SQLITE if database.is_sqlite else _FILL_POSTGRES
                start = to_micros(_START) if database.is_sqlite else _START
                pause = step // timedelta(microseconds=1) if database.is_sqlite else step
                connection.execute(
                    text(sql), {"pump": pump, "after": after, "upto": upto, "start": start, "step": pause}
                )
    if not database.is_sqlite:
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE reading"))
            connection.execute(text("CHECKPOINT"))


_SIZE_SQLITE = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
_SIZE_POSTGRES = (
    "SELECT sum(pg_total_relation_size(inhrelid)) FROM pg_inherits WHERE inhparent = CAST('reading' AS regclass)"
)
_FILL = (
    "INSERT INTO reading (pump_id, epoch, seq, measured_at, received_at, battery_voltage_v, battery_percent, "
    "battery_indicator, reservoir_ml, flow_ml_per_day, infusion, motor, alarms, firmware) "
)
_VALUES = "2.81, 61.5, 'ok', 12.44, 0.312, 'simple_continuous', 'running', '', '1.04'"
_FILL_SQLITE = (
    "WITH RECURSIVE s(n) AS (SELECT :after + 1 UNION ALL SELECT n + 1 FROM s WHERE n < :upto) "
    f"{_FILL} SELECT :pump, 1, n, :start + n * :step, :start + n * :step, {_VALUES} FROM s"
)
_FILL_POSTGRES = (
    f"{_FILL} SELECT :pump, 1, n, :start + n * CAST(:step AS interval), :start + n * CAST(:step AS interval), "
    f"{_VALUES} FROM generate_series(CAST(:after AS int) + 1, CAST(:upto AS int)) AS n"
)


if __name__ == "__main__":
    main()
