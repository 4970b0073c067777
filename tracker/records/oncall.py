"""Escalation policies and rotations of a clinic, as one document; its content is read by ``tracker.oncall``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Field, Session, SQLModel

from tracker.records.column_types import JsonColumn, UtcDateTime


class OncallDocument(SQLModel, table=True):
    """Who is told of what in a clinic. A clinic without a row has the default policies."""

    __tablename__ = "oncall_document"

    clinic_id: int = Field(foreign_key="clinic.id", primary_key=True)
    document: dict[str, Any] = Field(sa_type=JsonColumn, description='{"policies": […], "rotas": […]}')
    changed_at: datetime = Field(sa_type=UtcDateTime)
    changed_by: str = Field(max_length=254)


def hold_oncall(session: Session, clinic_id: int) -> None:
    """Lock the clinic's document until the transaction ends: of two changes at once none is lost."""
    session.get(OncallDocument, clinic_id, with_for_update=True, populate_existing=True)
