"""Escalation policies and rotations of a clinic, as one document; its content is read by ``tracker.oncall``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, SQLModel

from tracker.records.column_types import JsonColumn, UtcDateTime


class OncallDocument(SQLModel, table=True):
    """Who is told of what in a clinic. A clinic without a row has the default policies."""

    __tablename__ = "oncall_document"

    clinic_id: int = Field(foreign_key="clinic.id", primary_key=True)
    document: dict[str, Any] = Field(sa_type=JsonColumn, description='{"policies": […], "rotas": […]}')
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str = Field(max_length=254)
