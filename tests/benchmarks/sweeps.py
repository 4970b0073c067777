"""The scheduler over many pumps: a first sweep, a sweep of which few changed, a day later all of them, and silence.

``python -m tests.benchmarks.sweeps [--pumps N]`` fills SQLite and PostgreSQL, prints a table with the seconds on the
clock and those of this process's processor, and writes it to ``docs/benchmarks-sweeps.md``.
"""

from __future__ import annotations

import argparse
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from rich.console import Console
from rich.table import Table
from sqlalchemy import insert, update
from sqlmodel import col

from tests.servers import postgres_cluster
from tracker.records import partitions, schema
from tracker.records.database import Database
from tracker.records.delivery import DeliveryMark
from tracker.records.pump import Clinic, Pump, PumpState
from tracker.records.reading import Reading
from tracker.schedule.silence import note_silence
from tracker.schedule.sweep import sweep

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)
DAY = timedelta(days=1)
READINGS = 10
CHANGED = 1000
LIMITS = {f"{CHANGED:,} changed": 5.0, "all, a day later": 180.0}


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement."""

    database: str
    what: str
    pumps: int
    seconds: float
    processor_s: float


def main() -> None:
    """Measure both databases, print, write."""
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.sweeps", description=__doc__)
    parser.add_argument("--pumps", type=int, default=100_000)
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks-sweeps.md"))
    chosen = parser.parse_args()
    console = Console()
    taken: list[Taken] = []
    with tempfile.TemporaryDirectory(prefix="pump-sweep-") as folder:
        taken += _measure(console, "SQLite", f"sqlite:///{folder}/tracker.db", chosen.pumps)
    with postgres_cluster("synchronous_commit=on") as cluster:
        taken += _measure(console, "PostgreSQL", cluster.new_database(), chosen.pumps)
    console.print(_table(taken))
    chosen.out.write_text(_page(taken, chosen.pumps))


def fill(database: Database, pumps: int) -> None:
    """So many pumps of one model with ten daily reports each."""
    schema.upgrade(database)
    if not database.is_sqlite:
        with database.engine.begin() as connection:
            months = [partitions.month_after(partitions.month_of(NOW), -back) for back in range(2)]
            partitions.ensure_months(connection, months, NOW)
    start = NOW - 400 * DAY
    with database.writing() as session:
        session.add(Clinic(id=1, name="North", created_at=start))
        session.flush()
        for first in range(1, pumps + 1, 5000):
            ids = range(first, min(first + 5000, pumps + 1))
            session.execute(insert(Pump), [_pump(one, start) for one in ids])
            session.execute(insert(PumpState), [_state(one) for one in ids])
            marks = [
                {"pump_id": one, "epoch": 1, "contiguous": READINGS, "beyond": [], "updated_at": NOW} for one in ids
            ]
            session.execute(insert(DeliveryMark), marks)
            session.execute(insert(Reading), [_reading(one, seq) for one in ids for seq in range(1, READINGS + 1)])


def _pump(number: int, start: datetime) -> dict[str, object]:
    return {
        "id": number,
        "clinic_id": 1,
        "serial": f"SN-{number}",
        "model": "synchromed-ii-20",
        "lifecycle": "implanted",
        "implanted_on": start.date(),
        "drug": "morphine",
        "created_at": start,
    }


def _state(number: int) -> dict[str, object]:
    return _reading(number, READINGS) | {
        "last_contact_at": NOW,
        "link": "connected",
        "changed_at": NOW,
        "evaluate_at": NOW,
    }


def _reading(number: int, seq: int) -> dict[str, object]:
    back = READINGS - seq
    return {
        "pump_id": number,
        "epoch": 1,
        "seq": seq,
        "measured_at": NOW - back * DAY,
        "received_at": NOW - back * DAY,
        "battery_percent": 75.0 + 0.03 * back,
        "battery_voltage_v": 2.9,
        "battery_indicator": "ok",
        "reservoir_ml": 12.0 + 0.3 * back,
        "flow_ml_per_day": 0.3,
        "infusion": "simple_continuous",
        "motor": "running",
        "alarms": "",
    }


def _measure(console: Console, name: str, url: str, pumps: int) -> list[Taken]:
    database = Database(url)
    with console.status(f"{name}: filling {pumps:,} pumps"):
        fill(database, pumps)
    taken = []
    steps: tuple[tuple[str, datetime, Callable[[datetime], int]], ...] = (
        ("all, the first time", NOW, lambda now: sweep(database, now)),
        ("silence", NOW, lambda now: note_silence(database, now)),
        (f"{CHANGED:,} changed", NOW + DAY / 24, lambda now: sweep(database, now)),
        ("all, a day later", NOW + 2 * DAY, lambda now: sweep(database, now)),
    )
    for what, now, step in steps:
        with console.status(f"{name}: {what}"):
            if what.endswith("changed"):
                _change(database, now)
            began, used = time.perf_counter(), time.process_time()
            count = step(now)
            taken.append(Taken(name, what, count, time.perf_counter() - began, time.process_time() - used))
    database.close()
    return taken


def _change(database: Database, now: datetime) -> None:
    with database.writing() as session:
        session.execute(update(PumpState).where(col(PumpState.pump_id) <= CHANGED).values(evaluate_at=now))


def _table(taken: list[Taken]) -> Table:
    table = Table("database", "sweep", "pumps", "seconds", "of processor", "limit")
    for one in taken:
        limit = LIMITS.get(one.what)
        marked = "" if limit is None else f"{limit:g}"
        table.add_row(one.database, one.what, f"{one.pumps:,}", f"{one.seconds:.2f}", f"{one.processor_s:.2f}", marked)
    return table


def _page(taken: list[Taken], pumps: int) -> str:
    rows = "\n".join(
        f"| {one.database} | {one.what} | {one.pumps:,} | {one.seconds:.2f} | {one.processor_s:.2f} |"
        f" {LIMITS.get(one.what, '')} |"
        for one in taken
    )
    machine = (
        f"{os.cpu_count()} processors, load {os.getloadavg()[0]:.1f} at the end, Python {platform.python_version()}"
    )
    return (
        f"# Sweeps over {pumps:,} pumps\n\nWritten by `python -m tests.benchmarks.sweeps`. {machine}. "
        "Limits are seconds on the clock.\n\n"
        "| database | sweep | pumps | seconds | of this process's processor | limit |\n"
        f"|---|---|---:|---:|---:|---:|\n{rows}\n"
    )


if __name__ == "__main__":
    main()
