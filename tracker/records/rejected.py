"""Rejected messages: what could not be taken, kept whole with the reason."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from tracker.records.columns import UtcDateTime


class RejectedMessage(SQLModel, table=True):
    """One message that was refused, byte for byte, until a person replays or discards it."""

    __tablename__ = "rejected_message"
    __table_args__ = (
        Index("ix_rejected_received", "received_at", "id"),
        Index("ix_rejected_serial", "serial", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int | None = Field(
        default=None, foreign_key="clinic.id", description="empty where no enrolled pump is named"
    )
    pump_id: int | None = Field(default=None, foreign_key="pump.id")
    serial: str | None = Field(default=None, max_length=64, description="as the topic names it")
    topic: str = Field(max_length=400)
    payload: bytes
    field: str = Field(max_length=120, description="what is wrong")
    reason: str = Field(max_length=2000, description="one sentence for a person")
    received_at: datetime = Field(sa_type=UtcDateTime)
    status: str = Field(default="kept", max_length=16, description="kept, replayed, discarded")
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by: str | None = Field(default=None, max_length=254)
    settled_reason: str | None = Field(default=None, max_length=1000)
