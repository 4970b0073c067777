"""Visits: refill, analysis and reprogramming events with their codes; amended, never overwritten."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from tracker.records.columns import JsonColumn, UtcDateTime


class Visit(SQLModel, table=True):
    """What was done to a pump at one time, and how it is coded. A draft comes from a programmer session."""

    __tablename__ = "visit"
    __table_args__ = (Index("ix_visit_pump", "pump_id", "performed_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    performed_at: datetime = Field(sa_type=UtcDateTime)
    status: str = Field(default="confirmed", max_length=16, description="draft, confirmed, withdrawn")
    source: str = Field(default="staff", max_length=16, description="staff, session")
    analysed: bool = False
    reprogrammed: bool = False
    refilled: bool = False
    professional_skill: bool = Field(
        default=False, description="a physician's or other qualified professional's skill was required"
    )
    expected_ml: float | None = None
    aspirated_ml: float | None = None
    filled_ml: float | None = None
    prescription_before: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    prescription_after: dict[str, Any] | None = Field(default=None, sa_type=JsonColumn)
    alarm_audible: bool | None = Field(
        default=None, description="the patient heard the alarm test; None where it was not done"
    )
    codes: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    listed_in_guideline: bool = True
    conflicts: list[Any] = Field(default_factory=list, sa_type=JsonColumn)
    because: str = Field(default="", max_length=2000)
    operator: str | None = Field(default=None, max_length=254, description="who did it, as told")
    note: str = Field(default="", max_length=4000)
    logged_by: str = Field(max_length=254)
    logged_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = Field(default=None, max_length=254)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class VisitAmendment(SQLModel, table=True):
    """What a visit said before somebody amended it, appended with who, when and why."""

    __tablename__ = "visit_amendment"

    id: int | None = Field(default=None, primary_key=True)
    visit_id: int = Field(foreign_key="visit.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=254)
    reason: str = Field(max_length=1000)
    before: dict[str, Any] = Field(sa_type=JsonColumn)
