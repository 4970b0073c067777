"""The rule that lets two versions work side by side: a migration adds, or names the oldest program that it suits."""

from __future__ import annotations

from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from tests.build import NOW
from tests.records.shape import narrowed, shape
from tracker.errors import StartupFault
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.pump import Clinic


def scripts() -> list[Any]:
    """The migrations since the rule holds, the oldest first."""
    known = list(schema._revisions())
    every = reversed(list(ScriptDirectory.from_config(schema._config()).walk_revisions()))
    return [one for one in every if known.index(one.revision) > known.index(schema.SIDE_BY_SIDE_SINCE)]


def bring(connection: Connection, revision: str) -> None:
    command.upgrade(schema._config(connection), revision)


def say(database: Database, revision: str, oldest: str | None) -> None:
    """Leave the database as a program would that this one does not know."""
    with database.writing() as session:
        session.execute(text("UPDATE alembic_version SET version_num = :revision"), {"revision": revision})
        if oldest is None:
            session.execute(text("DELETE FROM schema_compatibility"))
        else:
            session.execute(text("UPDATE schema_compatibility SET oldest_program = :oldest"), {"oldest": oldest})


def test_each_migration_since_the_rule_only_adds_or_names_the_oldest_program_that_it_suits(database_url: str) -> None:
    database = Database(database_url)
    faults = []
    with database.engine.connect().execution_options(tracker_writes=True) as connection, connection.begin():
        bring(connection, schema.SIDE_BY_SIDE_SINCE)
        before = shape(connection)
        for script in scripts():
            bring(connection, script.revision)
            after = shape(connection)
            taken = narrowed(before, after)
            if taken and not hasattr(script.module, "needs_program"):
                faults.append(f"{script.revision}: {'; '.join(taken)}")
            before = after
    database.close()
    assert faults == [], "add and take nothing away, or name in needs_program the oldest program that it suits"


def test_the_oldest_program_that_a_migration_names_is_one_that_exists() -> None:
    known = list(schema._revisions())
    for revision, oldest in schema._revisions().items():
        assert oldest == schema.SIDE_BY_SIDE_SINCE or known.index(oldest) <= known.index(revision)


ADDED = (
    "CREATE TABLE further (id integer PRIMARY KEY, clinic_id integer NOT NULL REFERENCES clinic (id))",
    "ALTER TABLE clinic ADD COLUMN further integer",
    "ALTER TABLE clinic ADD COLUMN further integer NOT NULL DEFAULT 0",
    "CREATE INDEX further ON clinic (created_at)",
)
TAKEN = {
    "ALTER TABLE visit_amendment RENAME TO further": "visit_amendment is gone",
    "DROP TABLE lease": "lease is gone",
    "ALTER TABLE lease DROP COLUMN beat": "lease.beat is gone",
    "ALTER TABLE lease RENAME COLUMN beat TO count": "lease.beat is gone",
    "CREATE UNIQUE INDEX further ON pump (model)": "pump has unique ['model']",
}
TAKEN_ON_POSTGRESQL = {
    "ALTER TABLE clinic ADD COLUMN further integer NOT NULL": "clinic.further is new and must be given",
    "ALTER TABLE lease ALTER COLUMN beat TYPE smallint": "lease.beat was BIGINT and is SMALLINT",
    "ALTER TABLE job_run ALTER COLUMN error SET NOT NULL": "job_run.error must be given",
    "ALTER TABLE lease ADD CHECK (beat > 0)": "lease has a check",
    "ALTER TABLE lease ADD FOREIGN KEY (fence) REFERENCES pump (id)": "lease has a reference of ['fence'] to pump",
    "CREATE TRIGGER f BEFORE UPDATE ON lease FOR EACH ROW EXECUTE FUNCTION refuse_change()": "lease has a trigger f",
}


def change(database: Database, statement: str) -> list[str]:
    """What the statement takes from programs that know the schema as it was."""
    with database.engine.connect().execution_options(tracker_writes=True) as connection, connection.begin():
        before = shape(connection)
        connection.exec_driver_sql(statement)
        return narrowed(before, shape(connection))


@pytest.mark.parametrize("statement", ADDED)
def test_what_is_added_takes_nothing(database: Database, statement: str) -> None:
    assert change(database, statement) == []


@pytest.mark.parametrize(("statement", "said"), TAKEN.items())
def test_what_is_taken_is_told(database: Database, statement: str, said: str) -> None:
    assert any(one.startswith(said) for one in change(database, statement))


@pytest.mark.parametrize(("statement", "said"), TAKEN_ON_POSTGRESQL.items())
def test_what_binds_older_programs_is_told_on_postgresql(
    postgres_database: Database, statement: str, said: str
) -> None:
    assert any(one.startswith(said) for one in change(postgres_database, statement))


def test_a_newer_schema_that_only_added_is_worked_with_and_not_upgraded(database: Database) -> None:
    say(database, "9999", schema.newest_revision())
    schema.require_current(database)
    assert schema.standing(database).may_work
    assert "newer than this program's" in schema.standing(database).detail
    assert schema.upgrade(database) == "9999"
    with database.writing() as session:
        session.add(Clinic(name="North", created_at=NOW))


@pytest.mark.parametrize("oldest", ["9998", "9999"])
def test_a_newer_schema_that_took_something_away_is_refused_with_the_way_out(database: Database, oldest: str) -> None:
    say(database, "9999", oldest)
    for refused in (schema.require_current, schema.upgrade):
        with pytest.raises(StartupFault, match=f"older than {oldest} can't.*start the new version") as told:
            refused(database)
        assert "db upgrade" not in told.value.detail


def test_a_revision_that_nobody_vouches_for_is_refused(database: Database) -> None:
    say(database, "d41d8cd9", None)
    for refused in (schema.require_current, schema.upgrade):
        with pytest.raises(StartupFault, match="does not know"):
            refused(database)


def test_an_older_schema_is_refused_with_the_command_that_brings_it_forward(database: Database) -> None:
    say(database, "0031", "0031")
    with pytest.raises(StartupFault, match="run `tracker db upgrade`"):
        schema.require_current(database)
