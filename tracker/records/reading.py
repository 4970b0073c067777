"""Readings: one row per accepted status report, kept for ever unless a retention is set.

The key begins with the pump, so that one pump's history lies together on disk and an insert touches the end of that
pump's rows alone, whatever the table's size. ``measured_at`` is in the key because PostgreSQL's monthly partitions
need it there; (pump, epoch, seq) is held unique by the delivery marks, which are locked while a batch is written.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, false, tuple_
from sqlmodel import Field, SQLModel, col, select

from devices.report import StatusReport
from tracker.records.column_types import EPOCH, MICROSECOND, BigKey, UtcDateTime, to_micros


class Reading(SQLModel, table=True):
    """One status report as the pump measured it."""

    __tablename__ = "reading"
    __table_args__ = ({"sqlite_with_rowid": False, "postgresql_partition_by": "RANGE (measured_at)"},)

    pump_id: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    epoch: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    seq: int = Field(primary_key=True, sa_type=BigKey, sa_column_kwargs={"autoincrement": False})
    measured_at: datetime = Field(primary_key=True, sa_type=UtcDateTime)
    received_at: datetime = Field(sa_type=UtcDateTime, description="when it was committed here")
    battery_voltage_v: float | None = None
    battery_percent: float | None = None
    battery_indicator: str | None = Field(default=None, max_length=8)
    reservoir_ml: float
    flow_ml_per_day: float | None = None
    infusion: str = Field(max_length=32)
    motor: str = Field(max_length=16)
    alarms: str = Field(max_length=400, description="codes active then, sorted, joined by commas")
    firmware: str | None = Field(default=None, max_length=64)
    clock_wrong: bool = Field(
        default=False,
        sa_column_kwargs={"server_default": false()},
        description="measured_at is what a wrong clock said: nothing is dated by it",
    )


_COLUMNS: Final = (
    "pump_id",
    "epoch",
    "seq",
    "measured_at",
    "received_at",
    "battery_voltage_v",
    "battery_percent",
    "battery_indicator",
    "reservoir_ml",
    "flow_ml_per_day",
    "infusion",
    "motor",
    "alarms",
    "firmware",
)
_INSERT: Final = f"INSERT INTO reading ({', '.join(_COLUMNS)}) VALUES ({', '.join('?' * len(_COLUMNS))})"  # noqa: S608 - constants
_COPY: Final = f"COPY reading ({', '.join(_COLUMNS)}) FROM STDIN"
_NO_BATTERY: Final = (None, None, None)

SAID: Final = _COLUMNS[5:]
"""What a report says, apart from its number and its times."""
CONTENT_NAMES: Final = ("measured_at", *SAID)
Content = tuple[Any, ...]
"""What a report says, as columns: measured time, battery (3), reservoir, flow, infusion, motor, alarms, firmware."""


def content_of(report: StatusReport) -> Content:
    """The columns that a report fills; two reports with the same content are the same message."""
    return (report.measured_at, *said(report))


def add_reports(connection: Connection, reports: Sequence[tuple[int, StatusReport]], received_at: datetime) -> None:
    """Insert one reading for each (pump id, report), in the caller's transaction, by the driver's fastest way.

    The caller knows from the delivery marks that none is there yet; one that is raises the driver's integrity error.
    """
    driver: Any = connection.connection.driver_connection
    if connection.dialect.name == "sqlite":
        at = to_micros(received_at)
        rows = [
            (pump_id, report.epoch, report.seq, (report.measured_at - EPOCH) // MICROSECOND, at, *said(report))
            for pump_id, report in reports
        ]
        driver.executemany(_INSERT, rows)
        return
    with driver.cursor() as cursor, cursor.copy(_COPY) as copy:
        received = f"{received_at}"
        copy.write("".join([_line(pump_id, report, received) for pump_id, report in reports]))


def stored_contents(
    connection: Connection, pump_id: int, numbers: Sequence[tuple[int, int]]
) -> dict[tuple[int, int], Content]:
    """What is stored of a pump under those (epoch, seq)."""
    found: dict[tuple[int, int], Content] = {}
    for start in range(0, len(numbers), 500):
        some = numbers[start : start + 500]
        rows = connection.execute(
            select(Reading).where(col(Reading.pump_id) == pump_id, tuple_(Reading.epoch, Reading.seq).in_(some))
        )
        for row in rows:
            found[row.epoch, row.seq] = (row.measured_at, *row[5 : len(_COLUMNS)])
    return found


def said(report: StatusReport) -> Content:
    """The columns of ``SAID``. Plain texts, because a driver is slow to adapt an enumeration's members."""
    battery = report.battery
    return (
        *(_NO_BATTERY if battery is None else (battery.voltage_v, battery.remaining_percent, _text(battery.indicator))),
        report.reservoir_ml,
        report.flow_ml_per_day,
        f"{report.infusion}",
        f"{report.motor}",
        ",".join(report.alarms),
        report.firmware,
    )


def _text(value: str | None) -> str | None:
    return None if value is None else f"{value}"


def _line(pump_id: int, report: StatusReport, received_at: str) -> str:
    """The reading as a line of PostgreSQL's COPY text format. Only the firmware is free text and could need escapes."""
    volt, percent, indicator, reservoir, flow, infusion, motor, alarms, firmware = said(report)
    if firmware is None:
        firmware = _NULL
    elif "\\" in firmware:
        firmware = firmware.replace("\\", "\\\\")
    return (
        f"{pump_id}\t{report.epoch}\t{report.seq}\t{report.measured_at}\t{received_at}\t"
        f"{_NULL if volt is None else volt}\t{_NULL if percent is None else percent}\t"
        f"{_NULL if indicator is None else indicator}\t{reservoir}\t{_NULL if flow is None else flow}\t"
        f"{infusion}\t{motor}\t{alarms}\t{firmware}\n"
    )


_NULL: Final = "\\N"
