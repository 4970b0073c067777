"""The scheduler's jobs over very many pumps: ``python -m benchmarks.sweeps [--pumps N] [--whole]``.

A sweep of which a thousand pumps changed, every other job with something to do, and with ``--whole`` a day later a
sweep over all of them, each with a new report. On SQLite and PostgreSQL, in seconds on the clock and of this program's
processor, its helpers' included; the server's come on top.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Final

from rich.console import Console
from rich.table import Table
from sqlalchemy import text

from benchmarks.lived_clinic import DAY, NOW, lived_clinic
from benchmarks.multiplied import multiply, report_again
from benchmarks.report import machine, markdown, put
from tests.servers import postgres_cluster
from tracker.records.advisory import Advisory, AdvisoryCoverage
from tracker.records.column_types import to_micros
from tracker.records.database import Database
from tracker.schedule.advisories import match_all
from tracker.schedule.alarms import tend_alarms
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.gc_tuning import calm_the_collector
from tracker.schedule.reading_retention import drop_old, make_ahead
from tracker.schedule.silence import note_silence

CHANGED: Final = 1000
LIMIT_S: Final = {"changed": 5.0, "whole": 180.0}
WIDEST: Final = 20_000  #: pumps of the whole sweep where not all is asked for
_HEADINGS: Final = ("database", "job", "pumps in all", "dealt with", "seconds", "of processor", "limit")


@dataclass(frozen=True, slots=True)
class Taken:
    """One measurement; ``touched`` is what the job says it dealt with."""

    database: str
    what: str
    pumps: int
    touched: int
    seconds: float
    processor_s: float
    limit_s: float | None

    def cells(self) -> tuple[str, ...]:
        """The row of the table."""
        return (
            self.database,
            self.what,
            f"{self.pumps:,}",
            f"{self.touched:,}",
            f"{self.seconds:.2f}",
            f"{self.processor_s:.2f}",
            "" if self.limit_s is None else f"{self.limit_s:g}",
        )


def main() -> None:
    """Measure both databases, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sweeps", description=__doc__)
    parser.add_argument("--pumps", type=int, default=100_000)
    parser.add_argument("--whole", action="store_true", help="sweep over all of them too: minutes")
    parser.add_argument("--database", choices=("SQLite", "PostgreSQL"), help="one of the two alone")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    console = Console()
    calm_the_collector()
    taken: list[Taken] = []
    with lived_clinic() as lived:
        for name, url in _databases(chosen.database):
            for pumps, whole in _sizes(chosen.pumps, whole=chosen.whole):
                taken += _measure(console, name, url(), lived, pumps, whole=whole)
    rows = [each.cells() for each in taken]
    table = Table(*_HEADINGS)
    for row in rows:
        table.add_row(*row)
    console.print(table)
    said = f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}. Limits are seconds on the clock."
    put(chosen.out, "sweeps", f"{said}\n\n{markdown('Jobs over very many pumps', _HEADINGS, rows)}")


def _databases(only: str | None) -> Iterator[tuple[str, Callable[[], str]]]:
    if only != "PostgreSQL":
        with tempfile.TemporaryDirectory(prefix="pump-sweep-") as folder:
            numbers = iter(range(9))
            yield "SQLite", lambda: f"sqlite:///{folder}/tracker-{next(numbers)}.db"
    if only != "SQLite":
        with postgres_cluster("synchronous_commit=on", "shared_buffers=512MB", "max_wal_size=4GB") as cluster:
            yield "PostgreSQL", cluster.new_database


def _sizes(pumps: int, *, whole: bool) -> list[tuple[int, bool]]:
    """What to fill, and whether all of it is swept over."""
    return [(pumps, True)] if whole or pumps <= WIDEST else [(pumps, False), (WIDEST, True)]


def _measure(console: Console, name: str, url: str, lived: Path, pumps: int, *, whole: bool) -> list[Taken]:
    database = Database(url)
    began = time.perf_counter()
    multiply(database, lived, pumps)
    with database.reading() as session:
        known = session.connection().execute(text("SELECT count(*) FROM pump")).scalar() or 0
    console.print(f"{name}: {known:,} pumps filled in {time.perf_counter() - began:.0f} s")
    taken = []
    for what, limit, prepare, job in _steps(known, whole=whole, jobs=not whole or pumps > WIDEST):
        prepare(database)
        began, used = time.perf_counter(), _processor_s()
        touched = job(database)
        seconds = time.perf_counter() - began
        taken.append(Taken(name, what, known, touched, seconds, _processor_s() - used, limit))
        console.print(f"{name}: {what}: {touched:,} in {seconds:.2f} s")
    database.close()
    return taken


Step = tuple[str, float | None, Callable[[Database], object], Callable[[Database], int]]


def _steps(pumps: int, *, whole: bool, jobs: bool) -> Iterator[Step]:
    """Each with what is done before and not measured, and the job itself."""
    hour, later = NOW + DAY / 24, NOW + DAY / 8

    def changed(database: Database, at: datetime) -> None:
        report_again(database, at, 1 / 24, max(1, pumps // CHANGED))

    for again in (hour, hour + DAY / 24):
        yield (
            "evaluate, 1,000 changed",
            LIMIT_S["changed"],
            partial(changed, at=again),
            partial(evaluate_due_pumps, now=again),
        )
    yield "evaluate, none changed", None, _nothing, lambda d: evaluate_due_pumps(d, hour + DAY / 24)
    if jobs:
        yield "silence, none changed", None, lambda d: note_silence(d, later), lambda d: note_silence(d, later)
        yield "silence, every hundredth fell silent", None, _silence, lambda d: note_silence(d, later)
        yield "alarms, none waiting", None, lambda d: tend_alarms(d, later), lambda d: tend_alarms(d, later)
        yield "alarms, one of ten waiting too long", None, _unanswered, lambda d: tend_alarms(d, later)
        yield "advisories, none new", None, _nothing, lambda d: match_all(d, later)
        yield "advisories, a recall of one model", None, _recall, lambda d: match_all(d, later)
        yield "partitions, three months ahead", None, _nothing, lambda d: make_ahead(d, NOW + 120 * DAY)
    if whole:
        at = NOW + 1.25 * DAY
        yield (
            "evaluate, all with a new report",
            LIMIT_S["whole"],
            lambda d: report_again(d, at, 1.1),
            lambda d: evaluate_due_pumps(d, at),
        )
    if jobs:
        yield "retention, all before last month", None, _nothing, lambda d: drop_old(d, 1, NOW + DAY)


def _nothing(_database: Database) -> None:
    return None


def _silence(database: Database) -> None:
    """Every hundredth pump has not been heard of for five days."""
    _do(database, "UPDATE pump_state SET last_contact_at = :at WHERE pump_id % 100 = 3", NOW - 5 * DAY)


def _unanswered(database: Database) -> None:
    """One of ten alarms of the past is back, and nobody has said a word."""
    again = (
        "UPDATE alarm SET opened_at = :at, cleared_at = NULL, closed_at = NULL, acknowledged_at = NULL, "
        "acknowledged_by = NULL, escalated_at = NULL, snoozed_until = NULL WHERE id % 10 = 4 AND NOT EXISTS (SELECT 1 "
        "FROM alarm o WHERE o.pump_id = alarm.pump_id AND o.code = alarm.code AND o.id <> alarm.id)"
    )
    _do(database, again, NOW - 20 * DAY)


def _recall(database: Database) -> None:
    with database.writing() as session:
        advisory = Advisory(
            reference="FA-1",
            published_on=(NOW - DAY).date(),
            title="Recall",
            action="Inform the patients.",
            source="The maker",
            loaded_at=NOW,
        )
        session.add(advisory)
        session.flush()
        session.add(AdvisoryCoverage(advisory_id=advisory.id or 0, origin="list", model="synchromed-ii-20", kind="all"))


def _do(database: Database, statement: str, at: datetime) -> None:
    with database.writing() as session:
        session.connection().execute(text(statement), {"at": to_micros(at) if database.is_sqlite else at})


def _processor_s() -> float:
    """Seconds of processor that this process and those that it has ended used."""
    used = [resource.getrusage(whose) for whose in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


if __name__ == "__main__":
    main()
