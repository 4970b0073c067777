"""Findings: what the records show that a person must rule on; their rulings; a clinician's attestation."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Index, UniqueConstraint
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import JsonColumn, UtcDateTime


class FindingRecord(SQLModel, table=True):
    """One thing that the records show, with its evidence; ``key`` keeps the same cause from showing twice."""

    __tablename__ = "finding"
    __table_args__ = (
        UniqueConstraint("pump_id", "key", name="uq_finding_cause"),
        Index("ix_finding_pump", "pump_id", "found_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    kind: str = Field(max_length=40)
    key: str = Field(max_length=200, description="kind and the records that it rests on")
    found_at: datetime = Field(sa_type=UtcDateTime)
    happened_at: datetime = Field(sa_type=UtcDateTime)
    neglect_or_abuse: bool = Field(description="bears on CMM-210.5's second criterion")
    strength: str = Field(max_length=16, description="weak, moderate, strong")
    points_at: str = Field(max_length=16, description="patient, clinic, device")
    sentence: str = Field(max_length=2000)
    evidence: list[Any] = Field(sa_type=JsonColumn)
    explanations: list[Any] = Field(sa_type=JsonColumn, description="innocent explanations to exclude first")
    mend: str | None = Field(default=None, max_length=200, description="the fix that a page offers")
    mended_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="the records no longer show it")
    ruling: str | None = Field(default=None, max_length=16, description="upheld, explained, not_relevant")
    ruled_by: str | None = Field(default=None, max_length=254)
    ruled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ruling_reason: str | None = Field(default=None, max_length=2000)


class RulingEvent(SQLModel, table=True):
    """Every ruling ever made on a finding, appended."""

    __tablename__ = "ruling_event"

    id: int | None = Field(default=None, primary_key=True)
    finding_id: int = Field(foreign_key="finding.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=254)
    ruling: str = Field(max_length=16)
    reason: str = Field(max_length=2000)


class Attestation(SQLModel, table=True):
    """A named clinician's signed word that no abuse or neglect is evident, over the findings as they stood."""

    __tablename__ = "attestation"

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=254)
    name: str = Field(max_length=120, description="printed name")
    meaning: str = Field(max_length=500, description="what the signature means")
    abuse_or_neglect: bool
    findings: list[Any] = Field(sa_type=JsonColumn, description="the findings and rulings that were before the signer")
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str | None = Field(default=None, max_length=254)
    withdrawn_reason: str | None = Field(default=None, max_length=1000)


def findings_of_pumps(session: Session, pump_ids: Sequence[int]) -> dict[int, list[FindingRecord]]:
    """Each pump's findings, oldest first."""
    if not pump_ids:
        return {}
    found: dict[int, list[FindingRecord]] = {}
    chosen = select(FindingRecord).where(col(FindingRecord.pump_id).in_(pump_ids))
    for finding in session.exec(chosen.order_by(col(FindingRecord.happened_at), col(FindingRecord.id))):
        found.setdefault(finding.pump_id, []).append(finding)
    return found


def rulings(session: Session, finding_ids: Sequence[int], as_of: datetime | None = None) -> dict[int, RulingEvent]:
    """The newest ruling on each of those findings that was made by then."""
    chosen = select(RulingEvent).where(col(RulingEvent.finding_id).in_(finding_ids))
    if as_of is not None:
        chosen = chosen.where(col(RulingEvent.at) <= as_of)
    return {event.finding_id: event for event in session.exec(chosen.order_by(col(RulingEvent.id)))}


def standing_attestations(
    session: Session, pump_ids: Sequence[int], as_of: datetime | None = None
) -> dict[int, Attestation]:
    """Each pump's newest attestation that stood at that moment (now when None)."""
    if not pump_ids:
        return {}
    chosen = select(Attestation).where(col(Attestation.pump_id).in_(pump_ids))
    if as_of is None:
        chosen = chosen.where(col(Attestation.withdrawn_at).is_(None))
    else:
        chosen = chosen.where(
            col(Attestation.at) <= as_of,
            col(Attestation.withdrawn_at).is_(None) | (col(Attestation.withdrawn_at) > as_of),
        )
    return {row.pump_id: row for row in session.exec(chosen.order_by(col(Attestation.at), col(Attestation.id)))}
