"""PostgreSQL's role of the running processes: enough to work with, too little to rewrite what was entered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import make_url, text
from sqlalchemy.exc import ProgrammingError

from tests.build import NOW
from tests.end_to_end.product import Product, installed, report
from tests.servers import Postgres, wait_until
from tracker.errors import Invalid, StartupFault
from tracker.records import least_role
from tracker.records.database import Database
from tracker.records.partitions import existing_months, month_after, month_of
from tracker.schedule.reading_retention import drop_old, make_ahead

ROLE = "tracker_app"
APPENDED = {
    "audit_entry",
    "determination",
    "alarm_event",
    "lifecycle_event",
    "visit_amendment",
    "ruling_event",
    "worklist_event",
}


@pytest.fixture(scope="module")
def as_role(postgres: Postgres, postgres_with_schema: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a database for the role that `tracker db upgrade --role` makes."""
    url = postgres.new_database(postgres_with_schema)
    owner = Product(tmp_path_factory.mktemp("owner"), TRACKER_DATABASE_URL=url)
    words = ("db", "upgrade", "--role", ROLE, "--password-stdin")
    assert "only appends to alarm_event, audit_entry" in owner.tracker(*words, given="a password of the role\n")
    yield make_url(url).set(username=ROLE).render_as_string(hide_password=False)
    postgres.drop(url)


@pytest.fixture
def working(as_role: str) -> Iterator[Database]:
    database = Database(as_role)
    yield database
    database.close()


def test_the_processes_work_as_that_role_and_enter_what_is_done(as_role: str, tmp_path: Path) -> None:
    with (
        installed(tmp_path, "broker", "ingest", "web", "schedule", TRACKER_DATABASE_URL=as_role) as product,
        product.client() as api,
    ):
        password = product.enrol("ROLE-1")
        long_ago = datetime.now(UTC) - timedelta(days=120)  # a month that has no partition yet
        for number, at in ((1, long_ago), (2, datetime.now(UTC))):
            payload = json.dumps(report(number, measured_at=at.isoformat(), alarms=["motor_stall"])).encode()
            assert product.publish("pumps/ROLE-1/telemetry", payload, "ROLE-1", password) == 0
        wait_until(lambda: api.get("/api/v1/pumps/ROLE-1/delivery").json()["received"] == 2, what="both reports")
        wait_until(lambda: api.get("/api/v1/pumps/ROLE-1/alarms").json()["items"], what="the alarm")
        alarm = api.get("/api/v1/pumps/ROLE-1/alarms").json()["items"][0]
        done = api.post(f"/api/v1/pumps/ROLE-1/alarms/{alarm['id']}/acknowledge", json={})
        assert done.status_code < 300, done.text
        ready = api.get("/health/ready").json()["checks"]
        wait_until(lambda: api.get("/health/ready").status_code == 200, what=f"every part: {ready}")
        assert "unbroken" in product.tracker("audit", "verify")
    with psycopg.connect(as_role.replace("+psycopg", "")) as connection:
        made = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relname = %s", [f"reading_{long_ago:%Y_%m}"]
        ).fetchone()
    assert made == (1,)


@pytest.mark.parametrize(
    "statement",
    [
        *(f"UPDATE {table} SET id = id" for table in sorted(APPENDED - {"audit_entry"})),
        *(f"DELETE FROM {table}" for table in sorted(APPENDED)),
        *(f"TRUNCATE {table} CASCADE" for table in sorted(APPENDED)),
        "UPDATE audit_entry SET actor = 'nobody'",
        "UPDATE alembic_version SET version_num = '0001'",
        "UPDATE schema_compatibility SET oldest_program = '0001'",
        "ALTER TABLE audit_entry DISABLE TRIGGER ALL",
        "DROP TRIGGER audit_entry_refuses_change ON audit_entry",
        "ALTER TABLE audit_entry OWNER TO CURRENT_USER",
        "DROP TABLE audit_entry",
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END'",
        "CREATE TABLE further (id integer)",
        "DROP TABLE reading_default",
        "SET session_replication_role = replica",
    ],
)
def test_what_was_entered_is_not_the_roles_to_change(working: Database, statement: str) -> None:
    with working.engine.connect() as connection, pytest.raises(ProgrammingError) as refused:
        connection.execute(text(statement))
    said = str(refused.value)
    assert "permission denied" in said or "must be owner" in said, said


def test_the_catalogue_of_what_is_only_appended_to_is_told_by_the_database(postgres_database: Database) -> None:
    owner = postgres_database
    assert set(least_role.grant(owner, ROLE, None)) == APPENDED
    assert set(least_role.grant(owner, ROLE, None)) == APPENDED, "as at every later upgrade"


def test_the_role_makes_and_drops_months_of_readings_and_no_other_table(working: Database) -> None:
    then = NOW + timedelta(days=800)  # far from what the processes of another test have made
    assert make_ahead(working, then) == 3
    assert make_ahead(working, then) == 0
    assert drop_old(working, 2, then + timedelta(days=200)) >= 3
    with working.engine.connect() as connection:
        assert month_of(then) not in existing_months(connection)
        assert month_after(month_of(then)) not in existing_months(connection)
        connection.execute(text("CREATE TEMPORARY TABLE batch (id integer)"))


def test_a_role_that_owns_the_database_or_has_a_strange_name_is_refused(postgres_database: Database) -> None:
    owner = postgres_database
    for name in ("tracker", "Tracker App", 'x"; DROP TABLE pump', ""):
        with pytest.raises(Invalid):
            least_role.grant(owner, name, None)


def test_sqlite_has_no_roles(sqlite_database: Database) -> None:
    with pytest.raises(StartupFault):
        least_role.grant(sqlite_database, ROLE, None)
