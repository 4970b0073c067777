"""What is ahead of each pump: the newest forecasts, and the thinned history of readings that they rest on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.columns import BigKey, JsonColumn, UtcDateTime


class Outlook(SQLModel, table=True):
    """One pump's forecasts, each date with its 80 % interval and its basis; empty where it can't be told, and why.

    ``battery_points`` and ``reservoir_points`` are the readings thinned out, so that a forecast never reads years of
    rows again: all of ``epoch`` up to ``through_seq`` is in them.
    """

    __tablename__ = "outlook"
    __table_args__ = (Index("ix_outlook_eos", "eos_median_at"), Index("ix_outlook_refill", "refill_by_at"))

    pump_id: int = Field(foreign_key="pump.id", primary_key=True)
    computed_at: datetime = Field(sa_type=UtcDateTime)
    epoch: int | None = Field(default=None, sa_type=BigKey)
    through_seq: int = Field(default=0, sa_type=BigKey)
    battery_points: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="[microseconds, percent, volts, flow mL/day], ascending"
    )
    reservoir_points: list[Any] = Field(
        default_factory=list, sa_type=JsonColumn, description="[microseconds, mL, flow mL/day] since the last fill"
    )
    filled_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="the last fill, logged or seen")
    eri_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eri_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eri_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eos_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eos_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    eos_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    battery_basis: str = Field(default="", max_length=2000)
    low_mark_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    low_mark_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    low_mark_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    empty_low_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    empty_median_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    empty_high_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    reservoir_basis: str = Field(default="", max_length=2000)
    refill_by_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    refill_reason: str = Field(default="", max_length=2000)


def outlooks(session: Session, pump_ids: Sequence[int]) -> dict[int, Outlook]:
    """The outlook of each of those pumps that has one."""
    rows = session.exec(select(Outlook).where(col(Outlook.pump_id).in_(pump_ids)))
    return {row.pump_id: row for row in rows}
