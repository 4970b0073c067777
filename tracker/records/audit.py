"""The audit trail: every write and every read of a patient's record, each entry bound to the one before it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Index
from sqlmodel import Field, SQLModel

from tracker.records.columns import JsonColumn, UtcDateTime


class AuditEntry(SQLModel, table=True):
    """One entry; the database refuses to change or delete it. ``digest`` covers the entry and ``previous``."""

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_subject", "subject", "seq"),
        Index("ix_audit_actor", "actor", "seq"),
        Index("ix_audit_at", "at"),
    )

    seq: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    at: datetime = Field(sa_type=UtcDateTime)
    actor: str = Field(max_length=254)
    clinic_id: int | None = None
    action: str = Field(max_length=64)
    subject: str = Field(max_length=200, description="what it was done to: pump:SERIAL, staff:EMAIL, …")
    detail: dict[str, Any] = Field(sa_type=JsonColumn)
    previous: str = Field(max_length=64)
    digest: str = Field(max_length=64)
