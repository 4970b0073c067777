"""Delivery marks: which messages of each pump and epoch are committed, exactly, with their gaps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection
from sqlmodel import Field, SQLModel

from tracker.records.columns import BigKey, JsonColumn, UtcDateTime, to_micros


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
) -> dict[tuple[int, int], tuple[int, list[list[int]]]]:
    """The marks of those (pump id, epoch) that have any: (contiguous, beyond)."""
    wanted = list(numbers)
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        rows = driver.execute(_READ_SQLITE, (msgspec.json.encode(wanted).decode(),))
        return {(pump, epoch): (contiguous, msgspec.json.decode(beyond)) for pump, epoch, contiguous, beyond in rows}
    rows = driver.execute(_READ_POSTGRES, ([pump for pump, _ in wanted], [epoch for _, epoch in wanted]))
    return {(pump, epoch): (contiguous, beyond) for pump, epoch, contiguous, beyond in rows}


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
        [mark[0] for mark in marks],
        [mark[1] for mark in marks],
        [mark[2] for mark in marks],
        [_json(mark[3]) for mark in marks],
    )
    driver.execute(_WRITE_POSTGRES, (updated_at, *columns))


def _json(beyond: list[list[int]]) -> str:
    return msgspec.json.encode(beyond).decode() if beyond else "[]"


_READ_SQLITE: Final = """
SELECT d.pump_id, d.epoch, d.contiguous, d.beyond
FROM json_each(?) AS w JOIN delivery_mark AS d
ON d.pump_id = json_extract(w.value, '$[0]') AND d.epoch = json_extract(w.value, '$[1]')
"""
_READ_POSTGRES: Final = """
SELECT d.pump_id, d.epoch, d.contiguous, d.beyond
FROM unnest(%s::int[], %s::bigint[]) AS w(pump_id, epoch) JOIN delivery_mark AS d USING (pump_id, epoch)
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
