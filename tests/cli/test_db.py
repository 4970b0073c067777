"""``tracker db`` as an operator uses it, on both databases."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import DBAPIError
from sqlmodel import select

from tests.servers import Postgres
from tracker.errors import StartupFault
from tracker.records import backup, schema
from tracker.records.database import Database
from tracker.records.pump import Clinic, Pump
from tracker.records.restore_postgresql import our_functions

MOMENT = datetime(2026, 1, 1, tzinfo=UTC)


def add_pump(database: Database, serial: str) -> None:
    with database.writing() as session:
        clinic = session.exec(select(Clinic)).first() or Clinic(name="North", created_at=MOMENT)
        session.add(clinic)
        session.flush()
        session.add(Pump(clinic_id=clinic.id or 0, serial=serial, model="synchromed-ii-20", created_at=MOMENT))


def serials(database: Database) -> list[str]:
    with database.reading() as session:
        return sorted(session.exec(select(Pump.serial)))


def test_a_copy_brings_back_what_was_there_when_it_was_taken(database: Database, tmp_path: Path) -> None:
    add_pump(database, "A")
    assert backup.backup(database, tmp_path / "copy") > 0
    add_pump(database, "B")
    with pytest.raises(StartupFault, match="--force"):
        backup.restore(database, tmp_path / "copy", force=False)
    backup.restore(database, tmp_path / "copy", force=True)
    assert serials(database) == ["A"]
    assert schema.current_revision(database) == schema.newest_revision()


def test_a_backup_never_overwrites_a_file(sqlite_database: Database, tmp_path: Path) -> None:
    (tmp_path / "copy").write_text("precious")
    with pytest.raises(StartupFault, match="never overwrites"):
        backup.backup(sqlite_database, tmp_path / "copy")
    assert (tmp_path / "copy").read_text() == "precious"


@pytest.mark.parametrize("part", [0.0, 0.5, 0.9])
def test_a_broken_copy_is_refused_and_the_records_stay(database: Database, tmp_path: Path, part: float) -> None:
    add_pump(database, "A")
    backup.backup(database, tmp_path / "whole")
    whole = (tmp_path / "whole").read_bytes()
    (tmp_path / "copy").write_bytes(whole[: int(len(whole) * part)] + b"not a database" * 1000)
    add_pump(database, "B")
    for _ in range(2):
        with pytest.raises(StartupFault, match=r"not a sound|pg_restore failed"):
            backup.restore(database, tmp_path / "copy", force=True)
        assert serials(database) == ["A", "B"]


def test_a_restore_that_was_cut_off_is_finished_by_the_next_one(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    add_pump(database, "A")
    backup.backup(database, tmp_path / "copy")
    with database.engine.begin() as connection:
        connection.execute(text("ALTER SCHEMA public RENAME TO before_restore"))
        connection.execute(text("CREATE SCHEMA public"))
    backup.restore(database, tmp_path / "copy", force=False)
    assert serials(database) == ["A"]
    with database.engine.begin() as connection:
        assert "before_restore" not in inspect(connection).get_schema_names()
        connection.execute(text("CREATE SCHEMA before_restore"))
    with pytest.raises(StartupFault, match="before_restore"):
        backup.restore(database, tmp_path / "copy", force=True)
    assert serials(database) == ["A"]
    database.close()


def test_an_empty_database_is_told_to_upgrade(sqlite_url: str) -> None:
    with pytest.raises(StartupFault, match="tracker db upgrade"):
        schema.require_current(Database(sqlite_url))


def test_a_restore_replaces_what_is_ours_and_leaves_what_is_others(postgres: Postgres, tmp_path: Path) -> None:
    """Extensions, tables and views of others, and the rights of their roles on ours, outlive it."""
    database = Database(postgres.new_database())
    schema.upgrade(database)
    add_pump(database, "A")
    backup.backup(database, tmp_path / "copy")
    add_pump(database, "B")
    role = f"reports_{database.url.database}"
    with database.engine.begin() as connection:
        for statement in (
            "CREATE EXTENSION IF NOT EXISTS btree_gin",
            f"CREATE ROLE {role}",
            f"GRANT USAGE ON SCHEMA public TO {role}",
            f"GRANT SELECT ON pump, reading TO {role}",
            f"GRANT SELECT (id, name), UPDATE (name) ON clinic TO {role} WITH GRANT OPTION",
            f"ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT SELECT ON TABLES TO {role}",
            f"GRANT EXECUTE ON FUNCTION make_reading_month(date) TO {role}",
            "CREATE TABLE of_others (id int PRIMARY KEY)",
            "INSERT INTO of_others VALUES (7)",
            "CREATE FUNCTION of_others_too() RETURNS int LANGUAGE sql AS 'SELECT 7'",
            "CREATE VIEW of_others_seen AS SELECT id FROM of_others",
        ):
            connection.execute(text(statement))
        before = rights_of(connection, role)
    backup.backup(database, tmp_path / "with what is others'")
    for copy in ("copy", "with what is others'"):
        backup.restore(database, tmp_path / copy, force=True)
        with database.engine.begin() as connection:
            assert before - rights_of(connection, role) == set()
            assert (may_call(connection, role, "make"), may_call(connection, role, "drop")) == (True, False)
            assert {"btree_gin", "pg_trgm"} <= set(
                connection.execute(text("SELECT extname FROM pg_extension")).scalars()
            )
            assert connection.execute(text("SELECT id + of_others_too() FROM of_others_seen")).scalar() == 14
            assert "before_restore" not in inspect(connection).get_schema_names()
            assert connection.execute(text("SELECT count(*) FROM pg_indexes WHERE indexname = 'ix_pump_text'")).scalar()
    assert serials(database) == ["A", "B"]
    with pytest.raises(DBAPIError, match="only ever appended to"), database.engine.begin() as connection:
        connection.execute(text("TRUNCATE audit_entry"))
    database.close()


def may_call(connection: Connection, role: str, verb: str) -> bool:
    asked = text("SELECT has_function_privilege(:role, :function, 'execute')")
    return bool(connection.execute(asked, {"role": role, "function": f"{verb}_reading_month(date)"}).scalar())


def test_in_an_empty_database_nobody_gets_a_function_that_works_as_its_owner(
    postgres: Postgres, tmp_path: Path
) -> None:
    source, empty = (Database(postgres.new_database()) for _ in range(2))
    schema.upgrade(source)
    backup.backup(source, tmp_path / "copy")
    backup.restore(empty, tmp_path / "copy", force=False)
    role = f"anybody_{empty.url.database}"
    with empty.engine.begin() as connection:
        connection.execute(text(f"CREATE ROLE {role}"))
        assert not may_call(connection, role, "make")
        assert not may_call(connection, role, "drop")
    source.close()
    empty.close()


def test_every_function_of_the_schema_is_known_to_be_ours(postgres: Postgres) -> None:
    """One that is added and not known would stay where a restore has put older records."""
    database = Database(postgres.new_database())
    schema.upgrade(database)
    with database.engine.connect() as connection:
        found = connection.execute(
            text(
                "SELECT proname FROM pg_proc f WHERE pronamespace = 'public'::regnamespace AND NOT EXISTS "
                "(SELECT FROM pg_depend d WHERE d.objid = f.oid AND d.deptype = 'e')"
            )
        )
        assert set(found.scalars()) == {one.name for one in our_functions(connection, "public")}
    database.close()


def rights_of(connection: Connection, role: str) -> set[tuple[str, ...]]:
    """Every right of a role on the tables, and on columns, of the schema."""
    found: set[tuple[str, ...]] = set()
    for what, view in (("table_name, ''", "table_privileges"), ("table_name, column_name", "column_privileges")):
        asked = f"SELECT privilege_type, is_grantable, {what} FROM information_schema.{view} WHERE grantee = :role"
        found |= {tuple(row) for row in connection.execute(text(asked), {"role": role})}
    assert found
    return found


def test_a_view_of_others_on_our_records_is_named_before_anything_is_touched(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    add_pump(database, "A")
    backup.backup(database, tmp_path / "copy")
    with database.engine.begin() as connection:
        connection.execute(text("CREATE VIEW of_others AS SELECT serial FROM pump"))
    with pytest.raises(StartupFault, match="views of others rest on the records and would be lost: of_others"):
        backup.restore(database, tmp_path / "copy", force=True)
    assert serials(database) == ["A"]
    database.close()
