"""The search of pumps on PostgreSQL: by its index, and without it where the server won't have it."""

from __future__ import annotations

import psycopg
import pytest
from sqlalchemy import text
from sqlalchemy.engine import make_url
from structlog.testing import capture_logs

from tests.build import a_clinic, a_pump
from tests.servers import Postgres
from tracker.records import schema, text_search
from tracker.records.database import Database
from tracker.records.queries.pump_list import PumpFilter, pumps_with_text


@pytest.fixture
def own_role_url(postgres: Postgres) -> str:
    """A database in which the tracker's role may make tables and nothing else."""
    url = make_url(postgres.new_database())
    whole = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(whole, autocommit=True) as connection:
        role = f"of_{url.database}"
        connection.execute(f"CREATE ROLE {role} LOGIN".encode())
        connection.execute(f"GRANT ALL ON SCHEMA public TO {role}".encode())
    return url.set(username=role).render_as_string(hide_password=False)


def index_there(database: Database) -> bool:
    with database.engine.connect() as connection:
        rows = connection.execute(text("SELECT 1 FROM pg_indexes WHERE indexname = :name"), {"name": text_search.INDEX})
        return rows.first() is not None


def test_a_part_of_a_serial_is_found_by_the_index(postgres_url: str) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    with database.writing() as session:
        clinic = a_clinic(session)
        wanted = [a_pump(session, clinic, serial=f"AB-{step}-XY{step % 7}Z").id for step in range(70)][3::7]
        clinic_id = clinic.id or 0
    with database.reading() as session:
        session.connection().execute(text("SET LOCAL enable_seqscan = off"))
        session.connection().execute(text("SET LOCAL enable_indexscan = off"))
        plan = session.connection().execute(text("EXPLAIN SELECT id FROM pump WHERE serial ILIKE '%xy3%'")).scalars()
        assert text_search.INDEX in "\n".join(plan)
        assert sorted(pumps_with_text(session, PumpFilter(clinic_id, "xy3z")).ids or []) == sorted(
            number or 0 for number in wanted
        )
    database.close()


def test_a_role_that_may_not_add_the_extension_upgrades_and_searches_without_the_index(own_role_url: str) -> None:
    database = Database(own_role_url)
    with capture_logs() as said:
        schema.upgrade(database)
    (warning,) = [line for line in said if line["event"] == "search_index_not_made"]
    assert "permission denied" in warning["fault"]
    assert "CREATE EXTENSION" in warning["later"]
    assert not index_there(database)
    with database.writing() as session:
        pump = a_pump(session, a_clinic(session), serial="AB-1")
        assert pumps_with_text(session, PumpFilter(pump.clinic_id, "b-1")).ids == [pump.id]
    database.close()
