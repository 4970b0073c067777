"""What is stored around a number, and which readings a wrong clock dated: asked and written for few messages only."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any, Final

import msgspec
from sqlalchemy import Connection, bindparam, select, text, tuple_, update
from sqlmodel import col

from devices.message_order import TOLERANCE, Message, Neighbours
from tracker.records.column_types import MICROSECOND, from_micros, key
from tracker.records.forecast import Outlook
from tracker.records.postgres_arrays import array
from tracker.records.pump import Pump
from tracker.records.reading import Reading


def neighbours(
    connection: Connection, numbers: Sequence[tuple[int, int, int]]
) -> dict[int, dict[tuple[int, int], Neighbours]]:
    """For each (pump id, epoch, seq) the times of right clocks stored around it, by pump and number; one query."""
    sqlite = connection.dialect.name == "sqlite"
    driver: Any = connection.connection.driver_connection
    if sqlite:
        rows = driver.execute(_AROUND_SQLITE, (msgspec.json.encode(numbers).decode(),)).fetchall()
    else:
        columns = [array([number[at] for number in numbers]) for at in range(3)]
        rows = driver.execute(_AROUND_POSTGRES, columns).fetchall()
    found: dict[int, dict[tuple[int, int], Neighbours]] = {}
    for pump_id, epoch, seq, *times in rows:
        around = [None if at is None else from_micros(at) if sqlite else at for at in times]
        found.setdefault(pump_id, {})[epoch, seq] = Neighbours(*around)
    return found


def enrolments(connection: Connection, pump_ids: Sequence[int]) -> dict[int, tuple[date | None, datetime]]:
    """When each of those pumps was implanted, where that is recorded, and enrolled."""
    chosen = select(col(Pump.id), col(Pump.implanted_on), col(Pump.created_at)).where(col(Pump.id).in_(pump_ids))
    return {key(row[0]): (row[1], row[2]) for row in connection.execute(chosen)}


def mark_wrong(connection: Connection, numbers: Sequence[tuple[int, int, int]]) -> None:
    """Mark the readings and sessions of those (pump id, epoch, seq): a wrong clock dated them."""
    rows = [{"pump": pump, "in_epoch": epoch, "number": seq} for pump, epoch, seq in numbers]
    connection.execute(_MARK, rows)


def mark_wrong_above(connection: Connection, pump_id: int, message: Message) -> None:
    """Mark the readings of higher numbers that say an older time than that message, whose clock was right.

    The pump's outlook may rest on them: it begins again from what is stored.
    """
    late = _LATE_SQLITE if connection.dialect.name == "sqlite" else _LATE_POSTGRES
    connection.execute(
        update(_READING)
        .where(
            text(late.format("")),
            _READING.c.pump_id == pump_id,
            tuple_(_READING.c.epoch, _READING.c.seq) > tuple_(message.epoch, message.seq),
            _READING.c.measured_at < message.measured_at - TOLERANCE,
        )
        .values(clock_wrong=True)
    )
    again = update(_OUTLOOK).where(_OUTLOOK.c.pump_id == pump_id)
    connection.execute(again.values(epoch=None, through_seq=0, battery_points=[], reservoir_points=[]))


_OUTLOOK: Any = Outlook.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it
_READING: Any = Reading.__table__  # type: ignore[attr-defined]  # SQLModel sets it without declaring it
_MARK: Final = (
    update(_READING)
    .where(
        _READING.c.pump_id == bindparam("pump"),
        _READING.c.epoch == bindparam("in_epoch"),
        _READING.c.seq == bindparam("number"),
    )
    .values(clock_wrong=True)
)
_LATE_SQLITE: Final = f"{{0}}received_at - {{0}}measured_at > {TOLERANCE // MICROSECOND}"
_LATE_POSTGRES: Final = f"{{0}}received_at - {{0}}measured_at > interval '{TOLERANCE.total_seconds():.0f} seconds'"
_AROUND: Final = """
SELECT w.pump_id, w.epoch, w.seq,
  (SELECT r.measured_at FROM reading r WHERE r.pump_id = w.pump_id AND r.epoch = w.epoch AND r.seq < w.seq
    AND NOT r.clock_wrong ORDER BY r.seq DESC LIMIT 1),
  (SELECT r.measured_at FROM reading r WHERE r.pump_id = w.pump_id AND r.epoch < w.epoch
    AND NOT r.clock_wrong ORDER BY r.epoch DESC, r.seq DESC LIMIT 1),
  (SELECT r.measured_at FROM reading r WHERE r.pump_id = w.pump_id AND r.epoch = w.epoch AND r.seq > w.seq
    AND NOT r.clock_wrong AND {late} ORDER BY r.seq LIMIT 1),
  (SELECT r.measured_at FROM reading r WHERE r.pump_id = w.pump_id AND r.epoch > w.epoch
    AND NOT r.clock_wrong AND {late} ORDER BY r.epoch, r.seq LIMIT 1)
FROM {wanted}"""
_AROUND_SQLITE: Final = _AROUND.format(
    late=_LATE_SQLITE.format("r."),
    wanted="(SELECT json_extract(value, '$[0]') AS pump_id, json_extract(value, '$[1]') AS epoch, "
    "json_extract(value, '$[2]') AS seq FROM json_each(?)) AS w",
)
_AROUND_POSTGRES: Final = _AROUND.format(
    late=_LATE_POSTGRES.format("r."), wanted="unnest(%s::int[], %s::bigint[], %s::bigint[]) AS w(pump_id, epoch, seq)"
)
