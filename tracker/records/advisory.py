"""Recalls and advisories that match a clinic's pumps, and their acknowledgment per pump."""

from __future__ import annotations

from datetime import date, datetime

from sqlalchemy import UniqueConstraint
from sqlmodel import Field, SQLModel

from tracker.records.columns import UtcDateTime


class Advisory(SQLModel, table=True):
    """A maker's or authority's notice on some pumps. Alone it never meets a criterion of replacement."""

    __tablename__ = "advisory"

    id: int | None = Field(default=None, primary_key=True)
    reference: str = Field(unique=True, max_length=80)
    model: str = Field(max_length=64, index=True)
    serial_from: str | None = Field(default=None, max_length=64)
    serial_to: str | None = Field(default=None, max_length=64)
    published_on: date
    title: str = Field(max_length=300)
    action: str = Field(max_length=2000)
    source: str = Field(max_length=500)
    loaded_at: datetime = Field(sa_type=UtcDateTime)


class AdvisoryMatch(SQLModel, table=True):
    """An advisory that covers a pump, until somebody acknowledged it for that pump."""

    __tablename__ = "advisory_match"
    __table_args__ = (UniqueConstraint("advisory_id", "pump_id", name="uq_advisory_match"),)

    id: int | None = Field(default=None, primary_key=True)
    advisory_id: int = Field(foreign_key="advisory.id")
    pump_id: int = Field(foreign_key="pump.id", index=True)
    matched_at: datetime = Field(sa_type=UtcDateTime)
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, max_length=254)
    note: str | None = Field(default=None, max_length=1000)
