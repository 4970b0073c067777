"""Delivery marks: which messages of each pump and epoch are committed, exactly, with their gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from tracker.records.column_types import BigKey, JsonColumn, UtcDateTime, to_micros
from tracker.records.postgres_arrays import array, texts


class DeliveryMark(SQLModel, table=True):
    """Everything received of one epoch: all of 1..contiguous, and the closed ranges in ``beyond``."""

    __tablename__ = "delivery_mark"

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    epoch: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    contiguous: int = Field(default=0, sa_type=BigKey)
    beyond: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="[[first, last], …] above a gap, ascending"
    )
    updated_at: datetime = Field(sa_type=UtcDateTime)


def marks_of(
    connection: Connection, numbers: Iterable[tuple[int, int]]
) -> dict[tuple[int, int], tuple[int, Sequence[Sequence[int]]]]:
    """The marks of those (pump id, epoch) that have any: (contiguous, beyond)."""
    numbers = list(numbers)
    by_epoch: dict[int, list[int]] = {}
    for pump, epoch in numbers:
        by_epoch.setdefault(epoch, []).append(pump)
    driver: Any = connection.connection.driver_connection
    sqlite = connection.dialect.name == "sqlite"
    found: dict[tuple[int, int], tuple[int, Sequence[Sequence[int]]]] = {}
    if len(by_epoch) > _EPOCHS_ALONE:  # a device that begins epoch after epoch costs one statement all the same
        if sqlite:
            rows = driver.execute(_PAIRS_SQLITE, (msgspec.json.encode(numbers).decode(),)).fetchall()
        else:
            pairs = (array([pump for pump, _ in numbers]), array([epoch for _, epoch in numbers]))
            rows = driver.execute(_PAIRS_POSTGRES, pairs).fetchall()
        return {
            (pump, epoch): (contiguous, () if beyond == "[]" else msgspec.json.decode(beyond))
            for pump, epoch, contiguous, beyond in rows
        }
    for epoch, pumps in by_epoch.items():
        if sqlite:
            rows = driver.execute(_READ_SQLITE, (epoch, msgspec.json.encode(pumps).decode())).fetchall()
        else:
            rows = driver.execute(_READ_POSTGRES, (epoch, array(pumps))).fetchall()
        for pump, contiguous, beyond in rows:
            found[pump, epoch] = contiguous, () if beyond == "[]" else msgspec.json.decode(beyond)
    return found


def keep_marks(
    connection: Connection, marks: Sequence[tuple[int, int, int, list[list[int]]]], updated_at: datetime
) -> None:
    """Write marks, each (pump id, epoch, contiguous, beyond), in place of what was there."""
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        at = to_micros(updated_at)
        driver.executemany(
            _WRITE_SQLITE, [(pump, epoch, contiguous, _json(beyond), at) for pump, epoch, contiguous, beyond in marks]
        )
        return
    columns = (
        array([mark[0] for mark in marks]),
        array([mark[1] for mark in marks]),
        array([mark[2] for mark in marks]),
        texts([_json(mark[3]) for mark in marks]),
    )
    driver.execute(_WRITE_POSTGRES, (updated_at, *columns))


def _json(beyond: list[list[int]]) -> str:
    return msgspec.json.encode(beyond).decode() if beyond else "[]"


_READ_SQLITE: Final = """
SELECT pump_id, contiguous, beyond FROM delivery_mark
WHERE epoch = ? AND pump_id IN (SELECT value FROM json_each(?))
"""
_READ_POSTGRES: Final = """
SELECT pump_id, contiguous, beyond::text FROM delivery_mark WHERE epoch = %s AND pump_id = ANY(%s::int[])
"""
_EPOCHS_ALONE: Final = 8
_PAIRS_SQLITE: Final = """
SELECT m.pump_id, m.epoch, m.contiguous, m.beyond FROM json_each(?) AS w CROSS JOIN delivery_mark AS m
WHERE m.pump_id = json_extract(w.value, '$[0]') AND m.epoch = json_extract(w.value, '$[1]')
"""
_PAIRS_POSTGRES: Final = """
SELECT m.pump_id, m.epoch, m.contiguous, m.beyond::text FROM delivery_mark AS m
JOIN unnest(%s::int[], %s::bigint[]) AS w(pump_id, epoch) ON m.pump_id = w.pump_id AND m.epoch = w.epoch
"""
_WRITE_SQLITE: Final = """
INSERT INTO delivery_mark (pump_id, epoch, contiguous, beyond, updated_at) VALUES (?, ?, ?, ?, ?)
ON CONFLICT (pump_id, epoch) DO UPDATE SET
contiguous = excluded.contiguous, beyond = excluded.beyond, updated_at = excluded.updated_at
"""
_WRITE_POSTGRES: Final = """
INSERT INTO delivery_mark (updated_at, pump_id, epoch, contiguous, beyond)
SELECT %s::timestamptz, w.pump_id, w.epoch, w.contiguous, w.beyond::jsonb
FROM unnest(%s::int[], %s::bigint[], %s::bigint[], %s::text[]) AS w(pump_id, epoch, contiguous, beyond)
ON CONFLICT (pump_id, epoch) DO UPDATE SET
contiguous = excluded.contiguous, beyond = excluded.beyond, updated_at = excluded.updated_at
"""
