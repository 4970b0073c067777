"""PostgreSQL's role of the running processes: what they need and no more.

They read and write every table, save that what is only ever appended to is read and appended to. They own nothing: such
a role can't drop a trigger, change a table or take back what it was refused.
"""

from __future__ import annotations

import re
from typing import Final

from psycopg import Connection as PgConnection
from psycopg import sql
from sqlalchemy import Connection, text

from tracker.errors import Invalid, StartupFault
from tracker.records.database import Database

_NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,62}")
_LOCK: Final = 7_210_213
_OF_THE_OWNER: Final = ("alembic_version", "schema_compatibility")
_FUNCTIONS: Final = ("make_reading_month(date)", "drop_reading_month(date)")
_APPENDED: Final = """
SELECT DISTINCT relname FROM pg_trigger
JOIN pg_class ON pg_class.oid = tgrelid JOIN pg_proc ON pg_proc.oid = tgfoid
WHERE proname = 'refuse_change' AND relnamespace = current_schema()::regnamespace
"""


def grant(database: Database, role: str, password: str | None) -> list[str]:
    """Make the role where it is missing and give it exactly what it needs. Returns the tables it only appends to.

    With ``password`` it gets that one; the server sees a SCRAM verifier alone. Call it at every upgrade: tables may be
    new. Raises ``Invalid`` for a name or role that will not do, ``StartupFault`` on SQLite.
    """
    if database.is_sqlite:
        raise StartupFault("SQLite has no roles: --role is for PostgreSQL")
    if not _NAME.fullmatch(role):
        raise Invalid("a role's name has 1 to 63 of a-z, 0-9 and underscore", field="role")
    with database.engine.connect().execution_options(tracker_writes=True) as connection, connection.begin():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        _make(connection, role, password)
        appended = sorted(str(row[0]) for row in connection.execute(text(_APPENDED)))
        _grant(connection, role, appended)
    return appended


def _make(connection: Connection, role: str, password: str | None) -> None:
    found = connection.execute(
        text("SELECT rolsuper OR rolname = current_user FROM pg_roles WHERE rolname = :role"), {"role": role}
    ).first()
    if found is not None and found[0]:
        raise Invalid(f"{role} owns the database or is a superuser: name another role", field="role")
    if found is None:
        _run(connection, sql.SQL("CREATE ROLE {} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE"), role)
    if password is not None:
        raw = _raw(connection)
        verifier = raw.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
        raw.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(verifier)))


def _grant(connection: Connection, role: str, appended: list[str]) -> None:
    schema = str(connection.execute(text("SELECT current_schema()")).scalar_one())
    name = str(connection.execute(text("SELECT current_database()")).scalar_one())
    _run(connection, sql.SQL("GRANT CONNECT, TEMPORARY ON DATABASE {1} TO {0}"), role, name)
    _run(connection, sql.SQL("GRANT USAGE ON SCHEMA {1} TO {0}"), role, schema)
    _run(connection, sql.SQL("REVOKE CREATE ON SCHEMA {1} FROM PUBLIC, {0}"), role, schema)
    _run(connection, sql.SQL("REVOKE ALL ON ALL TABLES IN SCHEMA {1} FROM {0}"), role, schema)
    _run(connection, sql.SQL("GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA {1} TO {0}"), role, schema)
    _run(connection, sql.SQL("GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA {1} TO {0}"), role, schema)
    for table in appended:
        _run(connection, sql.SQL("REVOKE UPDATE, DELETE ON {1} FROM {0}"), role, table)
    for table in _OF_THE_OWNER:
        _run(connection, sql.SQL("REVOKE INSERT, UPDATE, DELETE ON {1} FROM {0}"), role, table)
    for function in _FUNCTIONS:
        _run(connection, sql.SQL(f"GRANT EXECUTE ON FUNCTION {function} TO {{0}}"), role)


def _run(connection: Connection, statement: sql.SQL, *names: str) -> None:
    _raw(connection).execute(statement.format(*map(sql.Identifier, names)))


def _raw(connection: Connection) -> PgConnection[tuple[object, ...]]:
    raw = connection.connection.driver_connection
    if not isinstance(raw, PgConnection):
        raise StartupFault("roles are made by psycopg alone")
    return raw
