"""Readings: one row per accepted status report, kept for ever unless a retention is set.

The key begins with the pump, so that one pump's history lies together on disk and an insert touches the end of that
pump's rows alone, whatever the table's size. ``measured_at`` is in the key because PostgreSQL's monthly partitions
need it there; (pump, epoch, seq) is held unique by the delivery marks, which are locked while a batch is written.
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Field, SQLModel

from tracker.records.columns import BigKey, UtcDateTime


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
