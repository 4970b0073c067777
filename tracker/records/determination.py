"""Determinations, appended and never changed, and the facts that people document for them."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from tracker.records.columns import JsonColumn, UtcDateTime


class Determination(SQLModel, table=True):
    """One evaluation of a guideline's replacement criteria for a pump, with all that it rests on."""

    __tablename__ = "determination"
    __table_args__ = (Index("ix_determination_pump", "pump_id", "determined_at", "id"),)

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    determined_at: datetime = Field(sa_type=UtcDateTime)
    as_of: datetime = Field(sa_type=UtcDateTime, description="only what was received by then was used")
    cause: str = Field(max_length=40, description="telemetry, date, staff, as_of")
    guideline: str = Field(max_length=32)
    version: str = Field(max_length=32)
    question: str = Field(max_length=32)
    outcome: str = Field(max_length=48)
    readings: dict[str, Any] = Field(sa_type=JsonColumn, description="alternatives and joint, each an outcome")
    criteria: list[Any] = Field(sa_type=JsonColumn, description="id, section, verdict, because")
    missing: list[Any] = Field(sa_type=JsonColumn)
    notes: list[Any] = Field(sa_type=JsonColumn)
    facts: list[Any] = Field(sa_type=JsonColumn, description="name, value, because, source (kind, id, text, at)")


class DocumentedFact(SQLModel, table=True):
    """A fact about a pump that a named person entered with its document; withdrawn, never deleted."""

    __tablename__ = "documented_fact"
    __table_args__ = (Index("ix_documented_fact_pump", "pump_id", "fact", "entered_at"),)

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    fact: str = Field(max_length=64)
    value: bool
    author: str = Field(max_length=254)
    document: str = Field(max_length=500, description="where it is written: letter, operation note, page")
    entered_at: datetime = Field(sa_type=UtcDateTime)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str | None = Field(default=None, max_length=254)
    withdrawn_reason: str | None = Field(default=None, max_length=1000)
