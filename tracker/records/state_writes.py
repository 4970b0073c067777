"""What ingest reads and writes of each pump's latest state: one row read and one written per pump and batch.

Driver statements, not the object layer: these run for every batch, in the usual case for every message. So only what a
report is judged by is read, and only what a batch has brought is written. On PostgreSQL the state rows of a batch are
locked in the order of their pumps, so that two workers never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from devices.report import StatusReport
from tracker.records.column_types import from_micros, to_micros
from tracker.records.postgres_arrays import array, texts
from tracker.records.reading import SAID, said
from tracker.records.state_exceptions import Clock, keep_clocks, keep_refusals


class KnownPump(NamedTuple):
    """An enrolled pump, as far as ingest needs it."""

    id: int
    serial: str
    clinic_id: int
    model: str
    drug: str | None
    prescribed_at: datetime | None = None


class Latest(msgspec.Struct):
    """The part of a pump's state that a message is judged by, and what a batch brings to it."""

    pump_id: int
    epoch: int | None
    seq: int | None
    measured_at: datetime | None
    battery_indicator: str | None
    flow_ml_per_day: float | None
    infusion: str | None
    motor: str | None
    alarms: str
    online: bool | None
    online_at: datetime | None
    refused_alarms: str
    refused_alarms_at: datetime | None
    clock_at: datetime | None
    trusted_at: datetime | None
    clock_behind_s: int | None
    clock_wrong_since: datetime | None
    shown: StatusReport | None = None
    """The report that the state shows from now on; None: the one that it shows already."""
    clock: Clock | None = None
    """Where the clock is judged: what its columns are from now on. None: as before."""
    contact: bool = False
    understood: bool = False
    unmeasured_by: str | None = None
    """What came without being a measurement: refused, repeated, late; empty: a new measurement; None: as it was."""
    evaluate: bool = False
    received: int = 0
    duplicates: int = 0
    rejected: int = 0
    rejected_cut: int = 0
    refusal: tuple[str, datetime | None, str] | None = None
    """Critical alarms that refused messages name, when the newest of them came, why it was refused; None: as before."""


def known_pumps(connection: Connection, serials: Sequence[str]) -> dict[str, KnownPump]:
    """Those of the serials that are enrolled."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        rows = driver.execute(_PUMPS_SQLITE, (msgspec.json.encode(serials).decode(),)).fetchall()
        rows = [(*row[:-1], None if row[-1] is None else from_micros(row[-1])) for row in rows]
    else:
        rows = driver.execute(_PUMPS_POSTGRES, (texts(serials),)).fetchall()
    return {row[1]: KnownPump(*row) for row in rows}


def locked_states(connection: Connection, pump_ids: Sequence[int], now: datetime) -> dict[int, Latest]:
    """Each pump's latest state, made where there is none yet, and held until the transaction ends."""
    driver: Any = connection.connection.driver_connection
    wanted, at, read, make = (
        (msgspec.json.encode(pump_ids).decode(), to_micros(now), _STATES_SQLITE, _MAKE_SQLITE)
        if connection.dialect.name == "sqlite"
        else (array(pump_ids), now, _STATES_POSTGRES, _MAKE_POSTGRES)
    )
    rows = driver.execute(read, (wanted,)).fetchall()
    if len(rows) < len(pump_ids):
        driver.execute(make, (at, wanted))
        rows = driver.execute(read, (wanted,)).fetchall()
    if connection.dialect.name == "sqlite":
        return {row[0]: _from_sqlite(*row) for row in rows}
    return {row[0]: Latest(*row) for row in rows}


def keep_states(connection: Connection, states: Sequence[Latest], now: datetime) -> None:
    """Write what the batch has brought to each of these pumps."""
    keep_refusals(connection, [(state.pump_id, state.refusal) for state in states if state.refusal is not None])
    driver: Any = connection.connection.driver_connection
    showing = [(state, state.shown) for state in states if state.shown is not None]
    others = [state for state in states if state.shown is None]
    if connection.dialect.name == "sqlite":
        at = to_micros(now)
        driver.executemany(
            _SHOW_SQLITE,
            [
                (at, *_brought_sqlite(state), report.epoch, report.seq, to_micros(report.measured_at), *said(report))
                for state, report in showing
            ],
        )
        driver.executemany(_WRITE_SQLITE, [(at, *_brought_sqlite(state)) for state in others])
        keep_clocks(connection, [(state.pump_id, state.clock) for state in states if state.clock is not None])
        return
    if showing:
        brought = _brought_postgres([state for state, _ in showing])
        driver.execute(_SHOW_POSTGRES, (now, *brought, *_shown_postgres([report for _, report in showing])))
    if others:
        driver.execute(_WRITE_POSTGRES, (now, *_brought_postgres(others)))
    keep_clocks(connection, [(state.pump_id, state.clock) for state in states if state.clock is not None])


def _from_sqlite(
    pump_id: int,
    epoch: int | None,
    seq: int | None,
    measured_at: int | None,
    indicator: str | None,
    flow_ml_per_day: float | None,
    infusion: str | None,
    motor: str | None,
    alarms: str,
    online: int | None,
    online_at: int | None,
    refused_alarms: str,
    refused_alarms_at: int | None,
    clock_at: int | None,
    trusted_at: int | None,
    clock_behind_s: int | None,
    clock_wrong_since: int | None,
) -> Latest:
    return Latest(
        pump_id,
        epoch,
        seq,
        None if measured_at is None else from_micros(measured_at),
        indicator,
        flow_ml_per_day,
        infusion,
        motor,
        alarms,
        None if online is None else bool(online),
        None if online_at is None else from_micros(online_at),
        refused_alarms,
        None if refused_alarms_at is None else from_micros(refused_alarms_at),
        None if clock_at is None else from_micros(clock_at),
        None if trusted_at is None else from_micros(trusted_at),
        clock_behind_s,
        None if clock_wrong_since is None else from_micros(clock_wrong_since),
    )


def _brought_sqlite(state: Latest) -> tuple[Any, ...]:
    """In the order of ``_BROUGHT``."""
    online_at = state.online_at
    return (
        state.pump_id,
        state.contact,
        state.understood,
        state.unmeasured_by,
        state.evaluate,
        state.online,
        None if online_at is None else to_micros(online_at),
        state.received,
        state.duplicates,
        state.rejected,
        state.rejected_cut,
    )


def _brought_postgres(states: Sequence[Latest]) -> tuple[str, ...]:
    """Arrays in the order of ``_BROUGHT``."""
    return (
        array([state.pump_id for state in states]),
        array([state.contact for state in states]),
        array([state.understood for state in states]),
        texts([state.unmeasured_by for state in states]),
        array([state.evaluate for state in states]),
        array([state.online for state in states]),
        array([state.online_at for state in states]),
        array([state.received for state in states]),
        array([state.duplicates for state in states]),
        array([state.rejected for state in states]),
        array([state.rejected_cut for state in states]),
    )


def _shown_postgres(reports: Sequence[StatusReport]) -> tuple[str, ...]:
    """Arrays in the order of ``_SHOWN``. Words from the wire's own lists need no quotes; alarms and firmware do."""
    volts, percents, indicators, reservoirs, flows, infusions, motors, alarms, firmwares = zip(
        *map(said, reports), strict=True
    )
    return (
        array([report.epoch for report in reports]),
        array([report.seq for report in reports]),
        array([report.measured_at for report in reports]),
        *map(array, (volts, percents, indicators, reservoirs, flows, infusions, motors)),
        texts(alarms),
        texts(firmwares),
    )


_JUDGED: Final = Latest.__struct_fields__[: Latest.__struct_fields__.index("shown")]
_BROUGHT: Final = {
    "pump_id": "int",
    "contact": "bool",
    "understood": "bool",
    "unmeasured_by": "text",
    "evaluate": "bool",
    "online": "bool",
    "online_at": "timestamptz",
    "received": "bigint",
    "duplicates": "bigint",
    "rejected": "bigint",
    "rejected_cut": "bigint",
}
_SHOWN: Final = {
    "epoch": "bigint",
    "seq": "bigint",
    "measured_at": "timestamptz",
    **dict.fromkeys(SAID, "text"),
    **dict.fromkeys(("battery_voltage_v", "battery_percent", "reservoir_ml", "flow_ml_per_day"), "float8"),
}
_COUNTED: Final = ("received", "duplicates", "rejected", "rejected_cut")


def _update(said_of: dict[str, str], now: str, later: str) -> str:
    """The update; ``said_of`` gives each column's new value, ``now`` and ``later`` are the database's own words."""
    sets = [f"{name} = {said_of[name]}" for name in _SHOWN if name in said_of]
    if sets:
        sets.append(f"received_at = {now}")
    sets += [f"{name} = {said_of[name]}" for name in ("online", "online_at")]
    sets += [f"{name} = pump_state.{name} + {said_of[name]}" for name in _COUNTED]
    contact = later.format("pump_state.last_contact_at", now)
    understood = later.format("pump_state.understood_at", now)
    return (
        f"UPDATE pump_state SET {', '.join(sets)}, changed_at = {now}, "  # noqa: S608 - constants
        f"last_contact_at = CASE WHEN {said_of['contact']} THEN {contact} ELSE pump_state.last_contact_at END, "
        f"understood_at = CASE WHEN {said_of['understood']} THEN {understood} ELSE pump_state.understood_at END, "
        f"unmeasured_by = coalesce({said_of['unmeasured_by']}, pump_state.unmeasured_by), "
        f"evaluate_at = CASE WHEN {said_of['evaluate']} THEN {now} ELSE pump_state.evaluate_at END"
    )


def _update_sqlite(columns: Sequence[str]) -> str:
    said_of = {name: f"?{at}" for at, name in enumerate(columns, 2)}
    return f"{_update(said_of, '?1', 'max(coalesce({0}, 0), {1})')} WHERE pump_state.pump_id = {said_of['pump_id']}"


def _update_postgres(columns: dict[str, str]) -> str:
    said_of = {name: f"w.{name}" for name in columns}
    arrays = ", ".join(f"%s::{kind}[]" for kind in columns.values())
    update = _update(said_of, "n.now", "greatest({0}, {1})")
    return (
        f"WITH n AS MATERIALIZED (SELECT %s::timestamptz AS now) {update} "  # noqa: S608 - constants
        f"FROM n, unnest({arrays}) AS w({', '.join(columns)}) WHERE pump_state.pump_id = w.pump_id"
    )


_PUMPS: Final = "SELECT id, serial, clinic_id, model, drug, prescribed_at FROM pump WHERE serial "
_PUMPS_SQLITE: Final = _PUMPS + "IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
_PUMPS_POSTGRES: Final = _PUMPS + "= ANY(%s::text[])"
_STATES: Final = f"SELECT {', '.join(_JUDGED)} FROM pump_state WHERE pump_id "  # noqa: S608 - constants
_STATES_SQLITE: Final = _STATES + "IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
_STATES_POSTGRES: Final = _STATES + "= ANY(%s::int[]) ORDER BY pump_id FOR NO KEY UPDATE"
_MAKE: Final = (
    "INSERT INTO pump_state (pump_id, alarms, received, duplicates, rejected, rejected_cut, link, changed_at) "
    "SELECT {pump}, '', 0, 0, 0, 0, 'never', {now} FROM {wanted} ON CONFLICT DO NOTHING"
)
_MAKE_SQLITE: Final = _MAKE.format(pump="value", now="?", wanted="json_each(?) WHERE true")
_MAKE_POSTGRES: Final = _MAKE.format(pump="w", now="%s", wanted="unnest(%s::int[]) AS w ORDER BY w")
_SHOW_SQLITE: Final = _update_sqlite([*_BROUGHT, *_SHOWN])
_WRITE_SQLITE: Final = _update_sqlite([*_BROUGHT])
_SHOW_POSTGRES: Final = _update_postgres(_BROUGHT | _SHOWN)
_WRITE_POSTGRES: Final = _update_postgres(_BROUGHT)
