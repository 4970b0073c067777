"""What a schema asks of the programs that use it, and what a later one takes away from those of the version before."""

from __future__ import annotations

from typing import Any, NamedTuple

from sqlalchemy import Connection, inspect, text

_TRIGGERS = {
    "sqlite": "SELECT tbl_name, name FROM sqlite_master WHERE type = 'trigger'",
    "postgresql": "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid "
    "WHERE NOT tgisinternal AND NOT relispartition",
}


class Column(NamedTuple):
    """What a writer and a reader must know of a column."""

    kind: str
    may_be_left_out: bool


class Table(NamedTuple):
    """One table: its columns, and each rule that a row must keep, in words."""

    columns: dict[str, Column]
    rules: frozenset[str]


Shape = dict[str, Table]


def shape(connection: Connection) -> Shape:
    """Every table of the schema, and its views as tables without rules."""
    seen = inspect(connection)
    triggers = [tuple(row) for row in connection.execute(text(_TRIGGERS[connection.dialect.name]))]
    found = {}
    for name in (*seen.get_table_names(), *seen.get_view_names()):
        rules = {f"a trigger {trigger}" for table, trigger in triggers if table == name}
        rules.add(f"the key {sorted(seen.get_pk_constraint(name)['constrained_columns'])}")
        rules |= {f"unique {one['column_names']}" for one in seen.get_unique_constraints(name)}
        rules |= {f"unique {_indexed(one)}" for one in seen.get_indexes(name) if one["unique"]}
        rules |= {f"a check {one['sqltext']}" for one in seen.get_check_constraints(name)}
        rules |= {
            f"a reference of {one['constrained_columns']} to {one['referred_table']}"
            for one in seen.get_foreign_keys(name)
        }
        columns = {
            one["name"]: Column(
                str(one["type"]),
                bool(one["nullable"] or one["default"] is not None or one.get("autoincrement") is True),
            )
            for one in seen.get_columns(name)
        }
        found[name] = Table(columns, frozenset(rules))
    return found


def narrowed(before: Shape, after: Shape) -> list[str]:
    """What a program of the version before could no longer read or write; empty where something was only added."""
    said = []
    for name, was in before.items():
        if name not in after:
            said.append(f"{name} is gone")
            continue
        now = after[name]
        for column, old in was.columns.items():
            new = now.columns.get(column)
            if new is None:
                said.append(f"{name}.{column} is gone")
            elif new.kind != old.kind:
                said.append(f"{name}.{column} was {old.kind} and is {new.kind}")
            elif old.may_be_left_out and not new.may_be_left_out:
                said.append(f"{name}.{column} must be given")
        said += [
            f"{name}.{column} is new and must be given"
            for column, new in now.columns.items()
            if column not in was.columns and not new.may_be_left_out
        ]
        said += [f"{name} has {rule}" for rule in sorted(now.rules - was.rules)]
    return said


def _indexed(index: Any) -> str:
    conditions = [str(value) for name, value in index.get("dialect_options", {}).items() if name.endswith("_where")]
    return f"{index['column_names']} {' '.join(conditions)}".strip()
