"""PgBouncer in transaction mode before PostgreSQL: all works, and nothing stays in sessions that are lent on."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text

from tests.end_to_end.product import Product, installed, report
from tests.servers import Postgres, pgbouncer, wait_until
from tracker.errors import StartupFault
from tracker.records import backup
from tracker.records.database import Database

pytestmark = pytest.mark.needs("pgbouncer")
SESSIONS = 4
TOLD = ("jit", "max_parallel_workers_per_gather", "TimeZone", "statement_timeout", "lock_timeout", "search_path")


@pytest.fixture
def direct(postgres: Postgres, postgres_with_schema: str) -> Iterator[str]:
    """The server's own address of a database with the schema, whose own habits are not those that we want."""
    url = postgres.new_database(postgres_with_schema)
    with psycopg.connect(url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone TO 'America/Los_Angeles'".encode())
    yield url
    postgres.drop(url)


@pytest.fixture
def pooled(postgres: Postgres, direct: str) -> Iterator[str]:
    """The address of the same database by way of the pooler."""
    with pgbouncer(postgres, SESSIONS) as port:
        yield make_url(direct).set(port=port).render_as_string(hide_password=False)


def left_in_the_sessions(pooled: str) -> list[tuple[str, ...]]:
    """What each of the pooler's sessions is set to, for whoever is lent it next."""
    asked = "SELECT " + ", ".join(f"current_setting('{name}')" for name in TOLD) + ", pg_backend_pid()::text"
    found = {}
    with ExitStack() as opened:
        for _ in range(SESSIONS):  # each keeps its session by an open transaction, so that the next gets another
            connection = opened.enter_context(psycopg.connect(pooled.replace("+psycopg", "")))
            row = connection.execute(asked.encode()).fetchone()
            assert row is not None
            found[row[-1]] = row[:-1]
    assert len(found) == SESSIONS
    return list(found.values())


def test_each_transaction_runs_under_its_own_settings_and_leaves_none_behind(
    pooled: str, postgres_database: Database
) -> None:
    fresh = psycopg.connect(pooled.replace("+psycopg", ""))
    before = fresh.execute(b"SELECT " + b", ".join(f"current_setting('{n}')".encode() for n in TOLD)).fetchone()
    fresh.close()
    hurried, patient = Database(pooled, answers_within_s=2), Database(pooled)
    assert hurried.is_pooled()
    assert not postgres_database.is_pooled()
    with ExitStack() as opened:
        several = [opened.enter_context(database.reading()) for database in (hurried, patient, hurried, patient)]
        shown = []
        for session in several:
            zone = session.execute(text("SHOW timezone")).scalar_one()
            shown.append((zone, session.execute(text("SHOW statement_timeout")).scalar_one()))
    assert shown == [("UTC", "1800ms"), ("UTC", "0")] * 2
    assert left_in_the_sessions(pooled) == [before] * SESSIONS
    hurried.close()
    patient.close()


def test_a_statement_asked_a_hundred_times_in_changing_sessions_is_answered_each_time(pooled: str) -> None:
    databases = [Database(pooled, pool_size=1) for _ in range(3)]
    for number in range(100):
        with ExitStack() as opened:
            for database in databases[number % 3 :]:
                session = opened.enter_context(database.reading())
                assert session.execute(text("SELECT CAST(:number AS integer)"), {"number": number}).scalar() == number
    for database in databases:
        database.close()


def test_reports_pages_acknowledgments_and_jobs_all_go_through_the_pooler(pooled: str, tmp_path: Path) -> None:
    with (
        installed(tmp_path, "broker", "ingest", "web", "schedule", TRACKER_DATABASE_URL=pooled) as product,
        product.client() as api,
    ):
        password = product.enrol("POOL-1")
        begun = datetime.now(UTC) - timedelta(days=70)  # months without a partition, which ingest has made
        for number in range(1, 31):
            at = begun + timedelta(days=2 * number)
            payload = json.dumps(report(number, measured_at=at.isoformat(), alarms=["motor_stall"])).encode()
            assert product.publish("pumps/POOL-1/telemetry", payload, "POOL-1", password) == 0
        wait_until(lambda: api.get("/api/v1/pumps/POOL-1/delivery").json()["received"] == 30, 60, "every report")
        wait_until(lambda: api.get("/api/v1/pumps/POOL-1/alarms").json()["items"], what="the alarm")
        alarm = api.get("/api/v1/pumps/POOL-1/alarms").json()["items"][0]
        done = api.post(f"/api/v1/pumps/POOL-1/alarms/{alarm['id']}/acknowledge", json={})
        assert done.status_code < 300, done.text
        for _ in range(20):  # past the number at which the driver would prepare a statement
            for address in ("/api/v1/pumps/POOL-1", "/api/v1/worklist", "/api/v1/pumps"):
                assert api.get(address).status_code == 200
        wait_until(lambda: api.get("/health/ready").status_code == 200, 60, "every part")
        assert "unbroken" in product.tracker("audit", "verify")
        assert all("prepared statement" not in log.read_text() for log in tmp_path.glob("*.log"))
    assert {row[3:] for row in left_in_the_sessions(pooled)} == {("0", "0", '"$user", public')}


def test_a_copy_by_way_of_the_pooler_is_refused_and_taken_from_the_server_itself(
    pooled: str, direct: str, tmp_path: Path
) -> None:
    database = Database(pooled)
    for refused in (
        lambda: backup.backup(database, tmp_path / "copy"),
        lambda: backup.restore(database, Path(__file__), force=True),
    ):
        with pytest.raises(StartupFault, match="TRACKER_DATABASE_DIRECT_URL"):
            refused()
    database.close()
    product = Product(tmp_path, TRACKER_DATABASE_URL=pooled, TRACKER_DATABASE_DIRECT_URL=direct)
    product.tracker("db", "backup", str(tmp_path / "copy"))
    assert "can be restored" in product.tracker("db", "verify", str(tmp_path / "copy"))
    product.tracker("db", "restore", "--force", str(tmp_path / "copy"))
    assert "is sound" in product.tracker("db", "check")
