"""What ingest reads and writes of each pump's latest state: one row read and one written per pump and batch.

Driver statements, not the object layer: these run for every batch. On PostgreSQL the state rows of a batch are locked
in the order of their pumps, so that two workers never wait for each other in a circle.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final, NamedTuple

import msgspec
from sqlalchemy import Connection

from tracker.records.columns import from_micros, to_micros


class KnownPump(NamedTuple):
    """An enrolled pump, as far as ingest needs it."""

    id: int
    serial: str
    clinic_id: int
    model: str
    drug: str | None


class Latest(msgspec.Struct):
    """The part of a pump's state that ingest moves; ``evaluate_at`` is written only when it is set here."""

    pump_id: int
    epoch: int | None
    seq: int | None
    measured_at: datetime | None
    received_at: datetime | None
    battery_voltage_v: float | None
    battery_percent: float | None
    battery_indicator: str | None
    reservoir_ml: float | None
    flow_ml_per_day: float | None
    infusion: str | None
    motor: str | None
    alarms: str
    firmware: str | None
    last_contact_at: datetime | None
    online: bool | None
    online_at: datetime | None
    received: int
    duplicates: int
    rejected: int
    rejected_cut: int
    changed_at: datetime
    evaluate_at: datetime | None = None


def known_pumps(connection: Connection, serials: Sequence[str]) -> dict[str, KnownPump]:
    """Those of the serials that are enrolled."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        rows = driver.execute(_PUMPS_SQLITE, (msgspec.json.encode(serials).decode(),))
    else:
        rows = driver.execute(_PUMPS_POSTGRES, (list(serials),))
    return {row[1]: KnownPump(*row) for row in rows}


def locked_states(connection: Connection, pump_ids: Sequence[int], now: datetime) -> dict[int, Latest]:
    """Each pump's latest state, made where there is none yet, and held until the transaction ends."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        wanted: Any = msgspec.json.encode(pump_ids).decode()
        rows = [_from_sqlite(row) for row in driver.execute(_STATES_SQLITE, (wanted,))]
        if len(rows) < len(pump_ids):
            driver.execute(_MAKE_SQLITE, (to_micros(now), wanted))
            rows = [_from_sqlite(row) for row in driver.execute(_STATES_SQLITE, (wanted,))]
    else:
        rows = [Latest(*row) for row in driver.execute(_STATES_POSTGRES, (list(pump_ids),))]
        if len(rows) < len(pump_ids):
            driver.execute(_MAKE_POSTGRES, (now, list(pump_ids)))
            rows = [Latest(*row) for row in driver.execute(_STATES_POSTGRES, (list(pump_ids),))]
    return {row.pump_id: row for row in rows}


def keep_states(connection: Connection, states: Sequence[Latest]) -> None:
    """Write the states back, whole."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        driver.executemany(_WRITE_SQLITE, [_to_sqlite(state) for state in states])
        return
    driver.execute(_WRITE_POSTGRES, (msgspec.json.encode(states).decode(),))


_FIELDS: Final = tuple(name for name in Latest.__struct_fields__ if name != "evaluate_at")
_MOVED: Final = _FIELDS[1:]


def _from_sqlite(row: tuple[Any, ...]) -> Latest:
    (
        pump,
        epoch,
        seq,
        measured,
        received,
        volt,
        percent,
        indicator,
        reservoir,
        flow,
        infusion,
        motor,
        alarms,
        firmware,
        contact,
        online,
        online_at,
        count,
        duplicates,
        rejected,
        cut,
        changed,
    ) = row
    return Latest(
        pump,
        epoch,
        seq,
        _moment(measured),
        _moment(received),
        volt,
        percent,
        indicator,
        reservoir,
        flow,
        infusion,
        motor,
        alarms,
        firmware,
        _moment(contact),
        None if online is None else bool(online),
        _moment(online_at),
        count,
        duplicates,
        rejected,
        cut,
        from_micros(changed),
    )


def _to_sqlite(state: Latest) -> tuple[Any, ...]:
    return (
        state.epoch,
        state.seq,
        _micros(state.measured_at),
        _micros(state.received_at),
        state.battery_voltage_v,
        state.battery_percent,
        state.battery_indicator,
        state.reservoir_ml,
        state.flow_ml_per_day,
        state.infusion,
        state.motor,
        state.alarms,
        state.firmware,
        _micros(state.last_contact_at),
        state.online,
        _micros(state.online_at),
        state.received,
        state.duplicates,
        state.rejected,
        state.rejected_cut,
        _micros(state.changed_at),
        _micros(state.evaluate_at),
        state.pump_id,
    )


def _moment(micros: int | None) -> datetime | None:
    return None if micros is None else from_micros(micros)


def _micros(moment: datetime | None) -> int | None:
    return None if moment is None else to_micros(moment)


_PUMPS: Final = "SELECT id, serial, clinic_id, model, drug FROM pump WHERE serial "
_PUMPS_SQLITE: Final = _PUMPS + "IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
_PUMPS_POSTGRES: Final = _PUMPS + "= ANY(%s)"
_STATES: Final = f"SELECT {', '.join(_FIELDS)} FROM pump_state WHERE pump_id "  # noqa: S608 - constants
_STATES_SQLITE: Final = _STATES + "IN (SELECT value FROM json_each(?))"  # noqa: S608 - constants
_STATES_POSTGRES: Final = _STATES + "= ANY(%s) ORDER BY pump_id FOR NO KEY UPDATE"
_MAKE: Final = (
    "INSERT INTO pump_state (pump_id, alarms, received, duplicates, rejected, rejected_cut, link, changed_at) "
    "SELECT {pump}, '', 0, 0, 0, 0, 'never', {now} FROM {wanted} ON CONFLICT DO NOTHING"
)
_MAKE_SQLITE: Final = _MAKE.format(pump="value", now="?", wanted="json_each(?) WHERE true")
_MAKE_POSTGRES: Final = _MAKE.format(pump="w", now="%s", wanted="unnest(%s::int[]) AS w ORDER BY w")
_WRITE_SQLITE: Final = (
    f"UPDATE pump_state SET {', '.join(f'{name} = ?' for name in _MOVED)}, "  # noqa: S608 - constants
    "evaluate_at = coalesce(?, evaluate_at) WHERE pump_id = ?"
)
_WRITE_POSTGRES: Final = (
    f"UPDATE pump_state AS s SET {', '.join(f'{name} = w.{name}' for name in _MOVED)}, "  # noqa: S608 - constants
    "evaluate_at = coalesce(w.evaluate_at, s.evaluate_at) "
    "FROM json_populate_recordset(NULL::pump_state, %s::json) AS w WHERE s.pump_id = w.pump_id"
)
