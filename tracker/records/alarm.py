"""Alarms with a life of their own, and each of their transitions."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from tracker.records.columns import UtcDateTime


class Alarm(SQLModel, table=True):
    """One alarm of a pump, from first sight until it is both gone and (where latched) looked at.

    *Active* (``cleared_at`` empty) and *acknowledged* are independent; the alarm is open until ``closed_at``.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        Index(
            "uq_alarm_open",
            "pump_id",
            "code",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_alarm_pump", "pump_id", "first_seen_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    code: str = Field(max_length=40)
    priority: int = Field(description="devices.alarms.Priority: 1 low, 2 medium, 3 high")
    latched: bool = Field(default=False, description="stays open until a person acknowledged it")
    first_seen_at: datetime = Field(sa_type=UtcDateTime, description="measured time of the first report with it")
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime, description="when it was committed here")
    count: int = Field(default=1, description="reports that carried it")
    cleared_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="measured time of the first report without it"
    )
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, max_length=254)
    assignee: str | None = Field(default=None, max_length=254)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snooze_reason: str | None = Field(default=None, max_length=500)
    escalated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AlarmEvent(SQLModel, table=True):
    """One transition of an alarm, appended: who, why, when."""

    __tablename__ = "alarm_event"

    id: int | None = Field(default=None, primary_key=True)
    alarm_id: int = Field(foreign_key="alarm.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str = Field(
        max_length=24,
        description="raised, cleared, returned, acknowledged, assigned, snoozed, woken, escalated, closed",
    )
    by: str = Field(max_length=254, description="a person's email, or the part of the system that did it")
    reason: str = Field(default="", max_length=1000)
