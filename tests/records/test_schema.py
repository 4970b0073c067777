"""The schema on both databases, and what it refuses."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlmodel import select

from tracker.records import partitions, schema
from tracker.records.audit import AuditEntry
from tracker.records.column_types import from_micros, to_micros
from tracker.records.database import Database
from tracker.records.pump import Clinic
from tracker.records.tables import METADATA


def entry() -> AuditEntry:
    moment = datetime(2026, 1, 1, tzinfo=UTC)
    return AuditEntry(seq=1, at=moment, actor="a", action="b", subject="c", detail={}, previous="", digest="d")


def test_the_migrations_make_exactly_the_tables_that_the_code_declares(database: Database) -> None:
    with database.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False})
        differences = compare_metadata(context, METADATA)
    made_by_the_database_alone = ("reading_default", "ix_pump_text")
    real = [one for one in differences if not any(name in str(one) for name in made_by_the_database_alone)]
    assert real == []


def test_upgrading_twice_changes_nothing(database: Database) -> None:
    assert schema.upgrade(database) == schema.current_revision(database) == schema.newest_revision()


@pytest.mark.parametrize("statement", ["UPDATE audit_entry SET actor = 'x'", "DELETE FROM audit_entry"])
def test_the_database_itself_refuses_to_change_an_audit_entry(database: Database, statement: str) -> None:
    with database.writing() as session:
        session.add(entry())
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="only ever appended"), database.writing() as session:
        session.connection().execute(sqlalchemy.text(statement))


def test_a_time_comes_back_aware_and_in_utc_to_the_microsecond(database: Database) -> None:
    moment = datetime(2026, 3, 1, 12, 30, 15, 123456, tzinfo=UTC) + timedelta(0)
    with database.writing() as session:
        session.add(Clinic(name="North", created_at=moment))
    with database.reading() as session:
        kept = session.exec(select(Clinic)).one().created_at
    assert kept == moment
    assert kept.tzinfo is UTC


def test_a_time_comes_back_in_utc_however_far_west_the_server_keeps_its_clock(postgres_url: str) -> None:
    with psycopg.connect(postgres_url.replace("+psycopg", ""), autocommit=True) as connection:
        connection.execute(f"ALTER DATABASE {connection.info.dbname} SET timezone TO 'America/Los_Angeles'".encode())
    opened = Database(postgres_url)
    schema.upgrade(opened)
    moment = datetime.min.replace(tzinfo=UTC)
    with opened.writing() as session:
        session.add(Clinic(name="North", created_at=moment))
    with opened.reading() as session:
        assert session.exec(select(Clinic)).one().created_at == moment
        assert session.connection().execute(sqlalchemy.text("SHOW timezone")).scalar_one() == "UTC"
    opened.close()


def test_a_naive_time_is_refused(database: Database) -> None:
    with pytest.raises(sqlalchemy.exc.StatementError, match="without its zone"), database.writing() as session:
        session.add(Clinic(name="North", created_at=datetime(2026, 3, 1)))  # noqa: DTZ001 - the fault under test


def test_microseconds_and_back_are_the_same_time_before_1970_too() -> None:
    for moment in (datetime(1969, 12, 31, 23, 59, 59, 999999, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC)):
        assert from_micros(to_micros(moment)) == moment


def test_months_get_partitions_once_and_absurd_ones_none(postgres_url: str, now: datetime) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    wanted = [date(2026, 11, 1), date(2026, 12, 1), date(1970, 1, 1), date(2999, 1, 1)]
    with database.engine.begin() as connection:
        assert partitions.ensure_months(connection, wanted, now) == wanted[:2]
        assert partitions.ensure_months(connection, wanted, now) == []
        assert partitions.drop_before(connection, date(2026, 12, 1)) == wanted[:1]
        assert partitions.existing_months(connection) == {date(2026, 12, 1)}
    database.close()
