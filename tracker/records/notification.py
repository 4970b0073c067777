"""Notifications: for each task of high or medium priority, how far its escalation has come and who was told."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index, text
from sqlmodel import Field, SQLModel

from tracker.records.columns import UtcDateTime


class Notification(SQLModel, table=True):
    """The escalation of one task, from its opening until the task is closed."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("uq_notification_item", "item_id", unique=True),
        Index(
            "ix_notification_due",
            "next_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index("ix_notification_pump", "pump_id", "ended_at"),
        Index("ix_notification_clinic", "clinic_id", "ended_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="worklist_item.id")
    clinic_id: int = Field(foreign_key="clinic.id")
    pump_id: int | None = Field(default=None, foreign_key="pump.id")
    unit: str | None = Field(default=None, max_length=80, description="the pump's unit when it was opened")
    priority: int = Field(description="1 low, 2 medium, 3 high")
    opened_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime = Field(sa_type=UtcDateTime, description="when the steps began, last after a lapse")
    turn: int = Field(default=1, description="1 at first; counted up by each repetition and each lapse")
    next_step: int = Field(default=0, description="index of the step that is due next in this turn")
    next_at: datetime = Field(sa_type=UtcDateTime, description="when to look at it again")
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, max_length=254, description="email of the person who has it")
    lapses_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the acknowledgment ends then, unless somebody acts before"
    )
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class NotificationTold(SQLModel, table=True):
    """One person who was told of one notification, by which step."""

    __tablename__ = "notification_told"

    id: int | None = Field(default=None, primary_key=True)
    notification_id: int = Field(foreign_key="notification.id", index=True)
    staff_id: int = Field(foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
    type: str = Field(max_length=24, description="alarm.opened, alarm.escalated, alarm.lapsed, …")
    turn: int
    step: int
    message_id: str | None = Field(default=None, max_length=40, description="of the outbox; None: had no contact point")
