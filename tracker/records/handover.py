"""Hand-overs of a pump from one clinic to another: offered, then accepted or withdrawn; each stays on record."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, text, update
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import JsonColumn, UtcDateTime
from tracker.records.pump import Clinic, Pump
from tracker.records.rejected import RejectedMessage

_OPEN = "accepted_at IS NULL AND withdrawn_at IS NULL"


class Handover(SQLModel, table=True):
    """One offer. Until ``accepted_at`` the pump, its alarms and its tasks are ``from_clinic_id``'s."""

    __tablename__ = "handover"
    __table_args__ = (
        Index("uq_handover_open", "pump_id", unique=True, sqlite_where=text(_OPEN), postgresql_where=text(_OPEN)),
        Index("ix_handover_from", "from_clinic_id", "id"),
        Index("ix_handover_to", "to_clinic_id", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id", index=True)
    from_clinic_id: int = Field(foreign_key="clinic.id")
    to_clinic_id: int | None = Field(
        default=None, foreign_key="clinic.id", description="whom it is offered to, then who took it; empty: left open"
    )
    reason: str = Field(default="", max_length=1000)
    offered_by: str = Field(max_length=254)
    offered_at: datetime = Field(sa_type=UtcDateTime)
    accepted_by: str | None = Field(default=None, max_length=254)
    accepted_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outside: str | None = Field(
        default=None, max_length=200, description="who follows the patient elsewhere, as the old clinic confirmed it"
    )
    patient_reference: str | None = Field(
        default=None, max_length=80, description="the old clinic's number; the new clinic never sees it"
    )
    delivery: dict[str, Any] | None = Field(
        default=None, sa_type=JsonColumn, description="how complete the pump's messages were when it was handed over"
    )
    withdrawn_by: str | None = Field(default=None, max_length=254)
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_reason: str | None = Field(default=None, max_length=1000)


Row = tuple[Handover, Pump]


def open_handover(session: Session, pump_id: int) -> Handover | None:
    """The offer of that pump that nobody has accepted or withdrawn."""
    return open_handovers(session, [pump_id]).get(pump_id)


def open_handovers(session: Session, pump_ids: Sequence[int]) -> dict[int, Handover]:
    """The open offer of each of those pumps that has one."""
    if not pump_ids:
        return {}
    chosen = select(Handover).where(
        col(Handover.pump_id).in_(pump_ids), col(Handover.accepted_at).is_(None), col(Handover.withdrawn_at).is_(None)
    )
    return {row.pump_id: row for row in session.exec(chosen)}


def incoming(session: Session, clinic_id: int, limit: int, before_id: int | None = None) -> list[Row]:
    """Open offers to that clinic by name, newest first. One that is left open names no clinic, and is shown to none."""
    chosen = (
        select(Handover, Pump)
        .join(Pump, col(Pump.id) == col(Handover.pump_id))
        .where(
            col(Handover.to_clinic_id) == clinic_id,
            col(Handover.accepted_at).is_(None),
            col(Handover.withdrawn_at).is_(None),
        )
    )
    if before_id is not None:
        chosen = chosen.where(col(Handover.id) < before_id)
    return [(row, pump) for row, pump in session.exec(chosen.order_by(col(Handover.id).desc()).limit(limit))]


def outgoing(session: Session, clinic_id: int, limit: int, before_id: int | None = None) -> list[Row]:
    """Everything that the clinic ever offered, newest first."""
    chosen = (
        select(Handover, Pump)
        .join(Pump, col(Pump.id) == col(Handover.pump_id))
        .where(col(Handover.from_clinic_id) == clinic_id)
    )
    if before_id is not None:
        chosen = chosen.where(col(Handover.id) < before_id)
    return [(row, pump) for row, pump in session.exec(chosen.order_by(col(Handover.id).desc()).limit(limit))]


def handed_over_by(session: Session, pump_id: int, clinic_id: int) -> Handover | None:
    """The newest hand-over of that pump away from that clinic that another one has accepted."""
    return session.exec(
        select(Handover)
        .where(
            Handover.pump_id == pump_id,
            Handover.from_clinic_id == clinic_id,
            col(Handover.accepted_at).is_not(None),
            col(Handover.outside).is_(None),
        )
        .order_by(col(Handover.id).desc())
        .limit(1)
    ).first()


def clinic_of_name(session: Session, name: str) -> Clinic | None:
    """The clinic of that name, in whatever case it is written."""
    wanted = name.strip().casefold()
    return next((one for one in session.exec(select(Clinic)) if one.name.casefold() == wanted), None)


def pass_rejected_on(session: Session, pump_id: int, clinic_id: int) -> None:
    """Give the pump's rejected messages that nobody has settled to that clinic."""
    session.execute(
        update(RejectedMessage)
        .where(col(RejectedMessage.pump_id) == pump_id, col(RejectedMessage.status) == "kept")
        .values(clinic_id=clinic_id)
        .execution_options(synchronize_session=False)
    )
