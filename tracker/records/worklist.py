"""The worklist: one line per cause that needs a person, and what became of it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from tracker.records.columns import UtcDateTime


class WorklistItem(SQLModel, table=True):
    """One thing that needs a person: what, why, since when, what to do next. Open until done or its cause is gone."""

    __tablename__ = "worklist_item"
    __table_args__ = (
        Index(
            "uq_worklist_open",
            "clinic_id",
            "key",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index(
            "ix_worklist_order",
            "clinic_id",
            "priority",
            "harm_at",
            "id",
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_worklist_pump", "pump_id", "closed_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int = Field(foreign_key="clinic.id")
    pump_id: int | None = Field(default=None, foreign_key="pump.id", description="empty where it concerns the clinic")
    kind: str = Field(max_length=40)
    key: str = Field(max_length=200, description="the cause; one open line per clinic and key")
    priority: int = Field(description="1 low, 2 medium, 3 high")
    harm_at: datetime = Field(sa_type=UtcDateTime, description="when harm is to be expected; the list is ordered by it")
    what: str = Field(max_length=300)
    why: str = Field(max_length=2000)
    next_step: str = Field(max_length=1000)
    link: str = Field(default="", max_length=300, description="the page where the next step is done")
    since: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    changed_at: datetime = Field(sa_type=UtcDateTime, index=True)
    claimed_by: str | None = Field(default=None, max_length=254)
    claimed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = Field(default=None, max_length=254)
    closed_reason: str | None = Field(default=None, max_length=1000)


class WorklistEvent(SQLModel, table=True):
    """What happened to a line, appended: opened, changed, claimed, handed over, released, done, cause gone."""

    __tablename__ = "worklist_event"

    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="worklist_item.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str = Field(max_length=24)
    by: str = Field(max_length=254)
    reason: str = Field(default="", max_length=1000)
