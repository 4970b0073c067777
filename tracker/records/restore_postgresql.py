"""Put a copy in place of PostgreSQL's records: what is ours is replaced, what is others' stays.

Others may have extensions, tables and rights in the same schema: monitoring, reports, a role with fewer rights. Ours
are the tracker's tables, their partitions, sequences and trigger functions. They are set aside until the copy is in and
come back where it can't be read to its end; then they go, and the rights that other roles had on them are given again.
"""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from sqlalchemy import Connection, inspect, text

from tracker.errors import StartupFault
from tracker.records import text_search
from tracker.records.database import Database
from tracker.records.tables import METADATA

ASIDE: Final = "before_restore"
_CALLED: Final = ("make_reading_month", "drop_reading_month")
"""Functions of ours that no trigger calls."""
Run = Callable[..., str]
"""Runs one of PostgreSQL's programs; see ``tracker.records.backup``."""

#: An entry of ``pg_restore --list``: its kind, its schema, and the first word of its name.
_ENTRY: Final = re.compile(r"\d+; \d+ \d+ (?P<kind>[A-Z]+(?: [A-Z]+)*) (?P<schema>\S+) (?P<name>[^\s(]+)")
_NOT_OURS: Final = frozenset({"EXTENSION", "COMMENT", "SCHEMA", "ACL", "DEFAULT ACL", "EVENT TRIGGER", "PUBLICATION"})


class _Right(NamedTuple):
    """One right of another role on a table, a column of it or a sequence."""

    relation: str
    is_sequence: bool
    column: str | None
    privilege: str
    role: str
    grantable: bool


class _Function(NamedTuple):
    """One of our functions, and the roles that may call it beside its owner."""

    name: str
    arguments: str
    of_its_owner: bool  # it works with its owner's rights: nobody may call it who was not allowed to by name
    roles: list[str]


def restore(database: Database, file: Path, run: Run) -> None:
    """Replace our records by the copy's. Raises ``StartupFault``; the records are then as they were."""
    listed = run(database, "pg_restore", "--list", str(file))
    with database.engine.begin() as connection:
        others, rights, functions = _set_aside(connection)
    database.close()
    wanted = [line for line in listed.splitlines() if _is_ours(line, others)]
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".list") as chosen:
            chosen.write("\n".join(wanted))
            chosen.flush()
            words = ("--no-owner", "--exit-on-error", "--single-transaction", f"--use-list={chosen.name}")
            run(database, "pg_restore", *words, str(file), connects=True)
    except BaseException:
        with database.engine.begin() as connection:
            _move(connection, ASIDE, "public")
            connection.execute(text(f"DROP SCHEMA {ASIDE} CASCADE"))
        raise
    with database.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {ASIDE} CASCADE"))
        _grant(connection, rights)
        _let_call(connection, functions)
        text_search.make_index(connection)


def _set_aside(connection: Connection) -> tuple[frozenset[str], list[_Right], list[_Function]]:
    """Move what is ours out of the way. Returns the names that others have there, and their rights on what is ours."""
    there = inspect(connection)
    if ASIDE in there.get_schema_names():
        if there.has_table("pump"):
            raise StartupFault(
                f"an attempt to restore was cut off and left records in the schema {ASIDE}: drop it, or make it public"
            )
        functions = our_functions(connection, ASIDE)
        return _names(connection, "public"), _rights(connection, ASIDE), functions
    if views := _views_on_ours(connection):
        raise StartupFault(
            f"views of others rest on the records and would be lost: {', '.join(views)}. Drop them first, and make "
            "them again afterwards"
        )
    rights, functions = _rights(connection, "public"), our_functions(connection, "public")
    connection.execute(text(f"CREATE SCHEMA {ASIDE}"))
    _move(connection, "public", ASIDE)
    return _names(connection, "public"), rights, functions


def _is_ours(line: str, others: frozenset[str]) -> bool:
    entry = _ENTRY.match(line)
    return (
        entry is not None
        and entry["schema"] == "public"
        and entry["kind"] not in _NOT_OURS
        and entry["name"] not in others
        and entry["name"] != text_search.INDEX
    )


def _move(connection: Connection, source: str, target: str) -> None:
    """Move our tables, with what belongs to them, and the functions that their triggers call."""
    quote = connection.dialect.identifier_preparer.quote
    tables = _tables(connection, source)
    functions = [f"{source}.{quote(one.name)}({one.arguments})" for one in our_functions(connection, source)]
    for function in functions:
        connection.execute(text(f"ALTER FUNCTION {function} SET SCHEMA {target}"))
    for table in tables:
        connection.execute(text(f"ALTER TABLE {source}.{quote(table)} SET SCHEMA {target}"))


def our_functions(connection: Connection, schema: str) -> list[_Function]:
    """The functions that our tables' triggers call, and those that our program calls by name."""
    found = connection.execute(
        text(
            "SELECT f.proname, pg_get_function_identity_arguments(f.oid), f.prosecdef, ARRAY(SELECT "
            "quote_ident(r.rolname) FROM aclexplode(f.proacl) a JOIN pg_roles r ON r.oid = a.grantee "
            "WHERE a.grantee <> f.proowner) FROM pg_proc f WHERE f.pronamespace = to_regnamespace(:schema) "
            "AND NOT EXISTS (SELECT FROM pg_depend d WHERE d.objid = f.oid AND d.deptype = 'e') "
            "AND (f.proname = ANY(:named) OR EXISTS (SELECT FROM pg_trigger g JOIN pg_class t ON t.oid = g.tgrelid "
            "WHERE g.tgfoid = f.oid AND NOT g.tgisinternal AND t.relname = ANY(:tables) "
            "AND t.relnamespace = f.pronamespace))"
        ),
        {"schema": schema, "named": list(_CALLED), "tables": _tables(connection, schema)},
    )
    return [_Function(*row) for row in found]


def _tables(connection: Connection, schema: str) -> list[str]:
    """Our tables in that schema, and the partitions of them, wherever their name comes from."""
    found = connection.execute(
        text(
            "SELECT c.relname FROM pg_class c LEFT JOIN pg_inherits i ON i.inhrelid = c.oid "
            "LEFT JOIN pg_class p ON p.oid = i.inhparent WHERE c.relnamespace = to_regnamespace(:schema) "
            "AND c.relkind IN ('r', 'p') AND (c.relname = ANY(:ours) OR p.relname = ANY(:ours)) ORDER BY c.relname"
        ),
        {"schema": schema, "ours": [*METADATA.tables, "alembic_version"]},
    )
    return list(found.scalars())


def _names(connection: Connection, schema: str) -> frozenset[str]:
    """Every table, index, sequence, view and function in the schema."""
    found = connection.execute(
        text(
            "SELECT relname FROM pg_class WHERE relnamespace = to_regnamespace(:schema) "
            "UNION SELECT proname FROM pg_proc WHERE pronamespace = to_regnamespace(:schema)"
        ),
        {"schema": schema},
    )
    return frozenset(found.scalars())


def _views_on_ours(connection: Connection) -> Sequence[str]:
    found = connection.execute(
        text(
            "SELECT DISTINCT v.oid::regclass::text FROM pg_depend d JOIN pg_rewrite w ON w.oid = d.objid "
            "JOIN pg_class v ON v.oid = w.ev_class JOIN pg_class t ON t.oid = d.refobjid "
            "WHERE d.classid = 'pg_rewrite'::regclass AND d.refclassid = 'pg_class'::regclass AND v.oid <> t.oid "
            "AND t.relnamespace = to_regnamespace('public') AND t.relname = ANY(:tables) ORDER BY 1"
        ),
        {"tables": _tables(connection, "public")},
    )
    return list(found.scalars())


def _rights(connection: Connection, schema: str) -> list[_Right]:
    """The rights that roles other than the owner have on our tables, their columns and their sequences."""
    relations = (
        "WITH ours AS (SELECT c.* FROM pg_class c WHERE c.relnamespace = to_regnamespace(:schema) AND "
        "(c.relname = ANY(:tables) OR EXISTS (SELECT FROM pg_depend d JOIN pg_class t ON t.oid = d.refobjid WHERE "
        "d.objid = c.oid AND c.relkind = 'S' AND d.deptype IN ('a', 'i') AND t.relname = ANY(:tables)))), "
        "rights AS (SELECT o.relname, o.relkind, NULL AS attname, o.relowner, (aclexplode(o.relacl)).* FROM ours o "
        "UNION ALL SELECT o.relname, o.relkind, a.attname, o.relowner, (aclexplode(a.attacl)).* FROM ours o "
        "JOIN pg_attribute a ON a.attrelid = o.oid) "
        "SELECT r.relname, r.relkind = 'S', r.attname, r.privilege_type, coalesce(quote_ident(g.rolname), 'PUBLIC'), "
        "r.is_grantable FROM rights r LEFT JOIN pg_roles g ON g.oid = r.grantee WHERE r.grantee <> r.relowner"
    )
    rows = connection.execute(text(relations), {"schema": schema, "tables": _tables(connection, schema)})
    return [_Right(*row) for row in rows]


def _grant(connection: Connection, rights: Sequence[_Right]) -> None:
    """Give those rights again, on what the copy brought of it."""
    quote = connection.dialect.identifier_preparer.quote
    there = _names(connection, "public")
    found = connection.execute(
        text(
            "SELECT c.relname, a.attname FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
            "WHERE c.relnamespace = to_regnamespace('public') AND a.attnum > 0 AND NOT a.attisdropped"
        )
    )
    columns = {(row[0], row[1]) for row in found}
    for right in rights:
        if right.relation not in there or (right.column and (right.relation, right.column) not in columns):
            continue
        kind = "SEQUENCE" if right.is_sequence else "TABLE"
        column = f" ({quote(right.column)})" if right.column else ""
        option = " WITH GRANT OPTION" if right.grantable else ""
        connection.execute(
            text(f"GRANT {right.privilege}{column} ON {kind} public.{quote(right.relation)} TO {right.role}{option}")
        )


def _let_call(connection: Connection, before: Sequence[_Function]) -> None:
    """Those who might call a function before may again; one that works as its owner is for nobody else."""
    quote = connection.dialect.identifier_preparer.quote
    roles = {(one.name, one.arguments): one.roles for one in before}
    for one in our_functions(connection, "public"):
        function = f"public.{quote(one.name)}({one.arguments})"
        if one.of_its_owner:
            connection.execute(text(f"REVOKE ALL ON FUNCTION {function} FROM PUBLIC"))
        for role in roles.get((one.name, one.arguments), []):
            connection.execute(text(f"GRANT EXECUTE ON FUNCTION {function} TO {role}"))
