"""Very many pumps out of a few: SQL copies a clinic that lived, over and over, with its alarms, visits and findings.

Each copy is as consistent as the clinic was: outlooks that rest on its readings, lines whose causes stand. What the
copies lack is the months of readings before the newest sixty, which no job but retention reads.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Integer,
    MetaData,
    String,
    Table,
    case,
    cast,
    func,
    insert,
    literal,
    select,
    text,
)
from sqlmodel import SQLModel

from benchmarks.lived_clinic import DAY, NOW, START
from tracker.records import partitions, schema
from tracker.records.column_types import to_micros
from tracker.records.database import Database

CLINICS: Final = 8  #: the first has 92 of 100 pumps
READINGS: Final = 60  #: of each copied pump, its newest

_COPIED: Final = (
    "pump",
    "pump_state",
    "delivery_mark",
    "lifecycle_event",
    "alarm",
    "alarm_event",
    "visit",
    "programmer_session",
    "mri_exam",
    "determination",
    "finding",
    "ruling_event",
    "worklist_item",
    "worklist_event",
    "outlook",
)
_REFERS: Final = {
    "pump_id": "pump",
    "replaced_by_id": "pump",
    "alarm_id": "alarm",
    "visit_id": "visit",
    "finding_id": "finding",
    "item_id": "worklist_item",
}
_NAMED: Final = {
    "alarm": "alarm",
    "alarm_unattended": "alarm",
    "visit": "visit",
    "session": "programmer_session",
    "session_not_completed": "programmer_session",
    "mri": "mri_exam",
}
_KEY: Final = re.compile(rf"(?:pump:(\d+):)?(.*?)(?:\b({'|'.join(_NAMED)}):(\d+))?")


def multiply(database: Database, lived: Path, pumps: int) -> None:
    """Make the schema and fill it with copies of that clinic, at least so many pumps; nothing is due at ``NOW``."""
    schema.upgrade(database)
    small = Database(f"sqlite:///{lived}")
    with small.reading() as session:
        rows = {name: [dict(row) for row in session.execute(select(table)).mappings()] for name, table in _real()}
    small.close()
    with database.engine.connect().execution_options(tracker_writes=True) as connection:
        _hurry(connection, sqlite=database.is_sqlite)
        with connection.begin():
            _load(connection, _known(rows), pumps)
            if not database.is_sqlite:
                months = [partitions.month_after(partitions.month_of(START), ahead) for ahead in range(8)]
                partitions.ensure_months(connection, months, NOW)
            _copy(connection, rows)
            _tidy(connection, sqlite=database.is_sqlite)
        connection.invalidate()  # a new one has its guards again
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE" if database.is_sqlite else "VACUUM ANALYZE"))
        connection.execute(text("PRAGMA journal_mode=WAL" if database.is_sqlite else "CHECKPOINT"))


def _real() -> list[tuple[str, Table]]:
    return [(name, SQLModel.metadata.tables[name]) for name in (*_COPIED, "reading")]


def _hurry(connection: Connection, *, sqlite: bool) -> None:
    """All that guards and slows writing turned off, on this connection alone."""
    driver: Any = connection.connection.driver_connection
    wanted = (
        (
            "PRAGMA foreign_keys=OFF",
            "PRAGMA synchronous=OFF",
            "PRAGMA journal_mode=OFF",
            "PRAGMA cache_size=-400000",
            "ATTACH ':memory:' AS template",
        )
        if sqlite
        else ("SET session_replication_role = replica", "SET synchronous_commit = off", "CREATE SCHEMA template")
    )
    for one in wanted:
        driver.execute(one)
    if not sqlite:
        driver.commit()


def _template() -> MetaData:
    """The small clinic's tables, with the numbers of the copies and the parts of the keys that name a record."""
    metadata = MetaData(schema="template")
    for name, table in _real():
        Table(name, metadata, *(Column(one.name, one.type) for one in table.columns))
    metadata.tables["template.reading"].append_column(Column("turn", Integer))
    Table("copy", metadata, Column("n", Integer, primary_key=True))
    parts = (Column("pump", Integer), Column("body", String), Column("record", Integer), Column("step", Integer))
    Table("key_part", metadata, Column("key", String, primary_key=True), *parts)
    return metadata


_TEMPLATE: Final = _template()


def _known(rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, list[dict[str, Any]]]:
    """What is copied: lines of pumps only, the newest readings with their turn, no pump's line of the whole clinic."""
    known = {name: list(some) for name, some in rows.items()}
    known["worklist_item"] = [row for row in rows["worklist_item"] if row["pump_id"] is not None]
    lines = {row["id"] for row in known["worklist_item"]}
    known["worklist_event"] = [row for row in rows["worklist_event"] if row["item_id"] in lines]
    newest: list[dict[str, Any]] = []
    for pump in rows["pump"]:
        of_pump = sorted((row for row in rows["reading"] if row["pump_id"] == pump["id"]), key=lambda row: row["seq"])
        newest += [row | {"turn": turn} for turn, row in enumerate(of_pump[-READINGS:])]
    known["reading"] = newest
    keys = {row["key"] for name in ("worklist_item", "finding") for row in rows[name]}
    known["key_part"] = [_parts(one, rows) for one in sorted(keys)]
    return known


def _parts(of: str, rows: Mapping[str, list[dict[str, Any]]]) -> dict[str, Any]:
    found = _KEY.fullmatch(of)
    assert found
    pump, body, kind, record = found.groups()
    named: dict[str, int | None] = {"record": None, "step": None}
    if kind is not None:
        body, named = f"{body}{kind}:", {"record": int(record), "step": _step(rows, _NAMED[kind])}
    return {"key": of, "pump": None if pump is None else int(pump), "body": body, **named}


def _step(rows: Mapping[str, list[dict[str, Any]]], name: str) -> int:
    """By how much a record's number rises from one copy to the next."""
    return max((int(row["id"]) for row in rows[name]), default=1)


def _load(connection: Connection, known: Mapping[str, list[dict[str, Any]]], pumps: int) -> None:
    _TEMPLATE.create_all(connection, checkfirst=False)
    each = len(known["pump"])
    for name, some in known.items():
        if some:
            connection.execute(insert(_TEMPLATE.tables[f"template.{name}"]), some)
    connection.execute(insert(_TEMPLATE.tables["template.copy"]), [{"n": n} for n in range(-(-pumps // each))])
    clinics = [{"id": 1 + n, "name": f"Clinic {1 + n}", "timezone": "UTC", "created_at": START} for n in range(CLINICS)]
    connection.execute(insert(SQLModel.metadata.tables["clinic"]), clinics)


def _copy(connection: Connection, rows: Mapping[str, list[dict[str, Any]]]) -> None:
    copy = _TEMPLATE.tables["template.copy"].c.n
    part = _TEMPLATE.tables["template.key_part"]
    for name, table in _real():
        small = _TEMPLATE.tables[f"template.{name}"]
        said: dict[str, ColumnElement[Any]] = {}
        for column in table.columns:
            value: ColumnElement[Any] = small.c[column.name]
            refers = _REFERS.get(column.name) or (name if column.name == "id" else None)
            if refers is not None:
                value = value + copy * _step(rows, refers)
            elif column.name == "clinic_id":
                value = case((copy % 100 < 92, 1), else_=2 + copy % (CLINICS - 1))
            elif column.name in {"serial", "serial_key"}:
                value = value + "-" + cast(copy, String)
            elif column.name == "evaluate_at":
                value = literal(NOW + DAY, column.type)
            elif column.name == "key":
                value = _key(part, copy, _step(rows, "pump"))
            said[column.name] = value
        source = select(*said.values()).select_from(small).join(_TEMPLATE.tables["template.copy"], literal(value=True))
        if "key" in said:
            source = source.join(part, part.c.key == small.c.key)
        order = (copy, small.c["pump_id" if "pump_id" in small.c else "id"])
        turns = range(READINGS) if name == "reading" and connection.dialect.name != "sqlite" else (None,)
        for turn in turns:  # PostgreSQL has them as they arrive: report after report, the pumps in turn
            some = source if turn is None else source.where(small.c.turn == turn)
            connection.execute(insert(table).from_select(list(said), some.order_by(*order)))


def _key(part: Table, copy: ColumnElement[int], step: int) -> ColumnElement[str]:
    """The key with the copied pump's number and the copied record's."""
    pump = case((part.c.pump.is_(None), ""), else_="pump:" + cast(part.c.pump + copy * step, String) + ":")
    record = func.coalesce(cast(part.c.record + copy * part.c.step, String), "")
    return pump + part.c.body + record


def _tidy(connection: Connection, *, sqlite: bool) -> None:
    """PostgreSQL's counters go on behind the copies; the small clinic goes."""
    if sqlite:
        return
    for name in _COPIED:
        if "id" in SQLModel.metadata.tables[name].columns:
            most = f"SELECT setval(pg_get_serial_sequence('{name}', 'id'), (SELECT coalesce(max(id), 1) FROM {name}))"
            connection.execute(text(most))
    connection.execute(text("SELECT setval(pg_get_serial_sequence('clinic', 'id'), :most)"), {"most": CLINICS})
    connection.execute(text("DROP SCHEMA template CASCADE"))


def report_again(database: Database, at: datetime, days: float, every: int = 1) -> None:
    """One more report of every so-manieth pump, so many days on, as ingest leaves it: the state moved on, and due."""
    said = {"every": every, "at": to_micros(at) if database.is_sqlite else at, "days": days}
    with database.writing() as session:
        for statement in (_READING, _STATE, _MARK):
            session.connection().execute(text(statement), said)


_LEFT: Final = """CASE WHEN s.reservoir_ml > :days * coalesce(s.flow_ml_per_day, 0.3)
  THEN s.reservoir_ml - :days * coalesce(s.flow_ml_per_day, 0.3) ELSE 0 END"""
_READING: Final = f"""
INSERT INTO reading (pump_id, epoch, seq, measured_at, received_at, battery_voltage_v, battery_percent,
  battery_indicator, reservoir_ml, flow_ml_per_day, infusion, motor, alarms, firmware)
SELECT s.pump_id, s.epoch, 1 + CASE WHEN m.contiguous > s.seq THEN m.contiguous ELSE s.seq END, :at, :at,
  s.battery_voltage_v, s.battery_percent, s.battery_indicator, {_LEFT},
  s.flow_ml_per_day, s.infusion, s.motor, s.alarms, s.firmware
FROM pump_state s JOIN delivery_mark m ON m.pump_id = s.pump_id AND m.epoch = s.epoch
WHERE s.pump_id % :every = 0"""
_STATE: Final = f"""
UPDATE pump_state AS s SET measured_at = :at, received_at = :at, last_contact_at = :at, changed_at = :at,
  evaluate_at = :at, reservoir_ml = {_LEFT},
  seq = (SELECT r.seq FROM reading r WHERE r.pump_id = s.pump_id AND r.epoch = s.epoch AND r.measured_at = :at)
WHERE s.pump_id % :every = 0 AND s.epoch IS NOT NULL"""
_MARK: Final = """
UPDATE delivery_mark SET contiguous = contiguous + 1
WHERE pump_id % :every = 0 AND EXISTS (SELECT 1 FROM pump_state s WHERE s.pump_id = delivery_mark.pump_id
  AND s.epoch = delivery_mark.epoch AND s.seq = delivery_mark.contiguous + 1)"""
