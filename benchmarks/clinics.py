"""A few clinics with very many pumps, filled by SQL: what years of use leave behind, in believable proportions.

The first clinic holds 92 of 100 pumps. The first ``CHARTED`` pumps have reported every four hours for seven years, all
others every day for as long as the number of readings allows. The audit trail is filled without its digests: it can be
searched and appended to, not verified.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import text

from benchmarks.clinics_care import CARE
from benchmarks.clinics_pumps import PUMPS
from benchmarks.clinics_rows import CHARTED, CHARTED_REPORTS, Rows, Sql
from benchmarks.clinics_work import WORK
from tracker.records import partitions, schema
from tracker.records.database import Database

YEARS = 7
SLOT = timedelta(hours=4)
_SLOTS_A_DAY = timedelta(days=1) // SLOT
_UNGUARDED = ("foreign_keys=OFF", "synchronous=OFF", "journal_mode=OFF", "cache_size=-400000", "temp_store=MEMORY")
_SERIAL_KEYS = (
    "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid "
    "WHERE c.relkind = 'r' AND a.attname = 'id' AND a.atthasdef AND c.relnamespace = 'public'::regnamespace"
)


def fill(database: Database, pumps: int, readings: int, now: datetime, tell: Callable[[str], None] = print) -> None:
    """Make the schema and fill it. ``readings`` is met to within a few pumps' worth of them."""
    schema.upgrade(database)
    reports = max(1, (readings - CHARTED * CHARTED_REPORTS) // (pumps - CHARTED))
    sql = Sql(now, database.is_sqlite, reports)
    with _driver(database) as driver:
        _number(driver, max(5 * pumps, CHARTED_REPORTS), sql)
        for rows in (make(sql, pumps) for make in (*PUMPS, *CARE, *WORK)):
            _timed(driver, rows, tell)
        _readings(database, driver, sql, pumps, tell)
        if not database.is_sqlite:
            for (table,) in driver.execute(_SERIAL_KEYS).fetchall():
                last = f"(SELECT coalesce(max(id), 1) FROM {table})"
                driver.execute(f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), {last})")
    began = time.monotonic()
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if database.is_sqlite:
            connection.execute(text("PRAGMA journal_mode=WAL"))
        else:
            connection.execute(text("VACUUM ANALYZE"))
            connection.execute(text("CHECKPOINT"))
    tell(f"  settled in {time.monotonic() - began:.1f} s")


@contextmanager
def _driver(database: Database) -> Iterator[Any]:
    """The driver's own connection with all that guards and slows writing turned off; committed at the end."""
    with database.engine.connect().execution_options(tracker_writes=True) as connection:
        driver: Any = connection.connection.driver_connection
        if database.is_sqlite:
            for pragma in (
                "foreign_keys=OFF",
                "synchronous=OFF",
                "journal_mode=OFF",
                "cache_size=-400000",
                "temp_store=MEMORY",
            ):
                driver.execute(f"PRAGMA {pragma}")
            driver.execute("BEGIN IMMEDIATE")
        else:
            driver.execute("SET session_replication_role = replica")
            driver.execute("SET maintenance_work_mem = '1GB'")
            driver.execute("SET synchronous_commit = off")
        yield driver
        driver.commit()
        connection.invalidate()  # a new one has its guards again


def _number(driver: Any, most: int, sql: Sql) -> None:
    """The table ``numbered``: 1 to ``most``."""
    driver.execute("CREATE TEMP TABLE numbered (n INTEGER PRIMARY KEY)")
    driver.execute(
        f"INSERT INTO numbered WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < {most}) "
        "SELECT n FROM s"
    )
    if not sql.sqlite:
        driver.execute("ANALYZE numbered")


def _timed(driver: Any, rows: Rows, tell: Callable[[str], None]) -> None:
    began = time.monotonic()
    driver.execute(
        f"INSERT INTO {rows.table} ({', '.join(rows.columns)}) SELECT {', '.join(rows.columns.values())} "
        f"FROM numbered WHERE n <= {rows.numbers} {f'AND {rows.where}' if rows.where else ''} ORDER BY n"
    )
    tell(f"  {rows.table}: {time.monotonic() - began:.1f} s")


_READING = (
    "INSERT INTO reading (pump_id, epoch, seq, measured_at, received_at, battery_voltage_v, battery_percent, "
    "battery_indicator, reservoir_ml, flow_ml_per_day, infusion, motor, alarms, firmware) "
)


def _values(sql: Sql, pump: str, seq: str, slots_ago: str) -> str:
    """One reading: the battery runs down over seven years, the reservoir is filled every ninety days."""
    hours = 4
    ago = f"{slots_ago} * {hours * 3600} + {pump} % 3600"
    return (
        f"{pump}, 1, {seq}, {sql.at(f'-({ago})')}, {sql.at(f'3 - ({ago})')}, 2.81, "
        f"61.5 + {slots_ago} * 0.002, 'ok', 2 + ({slots_ago} + {pump}) % 540 * 0.0333, 0.2, 'simple_continuous', "
        "'running', '', '1.04'"
    )


def _readings(database: Database, driver: Any, sql: Sql, pumps: int, tell: Callable[[str], None]) -> None:
    began = time.monotonic()
    days = sql.reports
    charted = _values(sql, "p.n", "s.n", f"({CHARTED_REPORTS} - s.n)")
    daily = _values(sql, "p.n", "s.n", f"(({days} - s.n) * {_SLOTS_A_DAY} + p.n % {_SLOTS_A_DAY})")
    both = (
        (f"p.n <= {CHARTED} AND s.n <= {CHARTED_REPORTS}", charted),
        (f"p.n > {CHARTED} AND p.n <= {pumps} AND s.n <= {days}", daily),
    )
    if database.is_sqlite:
        for where, values in both:
            driver.execute(f"{_READING} SELECT {values} FROM numbered AS p CROSS JOIN numbered AS s WHERE {where}")
    else:
        driver.commit()
        months = [partitions.month_after(partitions.month_of(sql.now), -back) for back in range(-1, 12 * YEARS + 2)]
        with database.engine.connect().execution_options(tracker_writes=True) as connection, connection.begin():
            partitions.ensure_months(connection, months, sql.now)
        driver.execute("ALTER TABLE reading DROP CONSTRAINT reading_pkey")
        where, values = both[0]
        driver.execute(
            f"{_READING} SELECT {values} FROM numbered AS s CROSS JOIN numbered AS p WHERE {where} ORDER BY s.n, p.n"
        )
        for day in range(1, days + 1):  # in the order in which they arrive: day after day, the pumps in turn
            values = daily.replace("s.n", str(day))
            driver.execute(f"{_READING} SELECT {values} FROM numbered AS p WHERE p.n > {CHARTED} AND p.n <= {pumps}")
        tell(f"  readings without their key: {time.monotonic() - began:.1f} s")
        driver.execute("ALTER TABLE reading ADD CONSTRAINT reading_pkey PRIMARY KEY (pump_id, epoch, seq, measured_at)")
    tell(f"  readings: {time.monotonic() - began:.1f} s")


def main() -> None:
    """Fill one database: ``python -m benchmarks.clinics URL``."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.clinics", description=__doc__)
    parser.add_argument("url", help="an empty database: sqlite:///FILE or postgresql://…")
    parser.add_argument("--pumps", type=int, default=100_000)
    parser.add_argument("--readings", type=int, default=20_000_000)
    chosen = parser.parse_args()
    if chosen.url.startswith("sqlite:///"):
        Path(chosen.url.removeprefix("sqlite:///")).absolute().parent.mkdir(parents=True, exist_ok=True)
    database = Database(chosen.url)
    began = time.monotonic()
    fill(database, chosen.pumps, chosen.readings, datetime.now(UTC).replace(microsecond=0))
    database.close()
    print(f"filled in {time.monotonic() - began:.1f} s")  # noqa: T201 - what the command says


if __name__ == "__main__":
    main()
