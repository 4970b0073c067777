"""What bears on a pump's replacement beside its determinations: findings with rulings, attestations, facts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlmodel import Session, col, select

from tracker.records.determination import DocumentedFact
from tracker.records.finding import Attestation, FindingRecord, RulingEvent, findings_of_pumps


@dataclass(frozen=True, slots=True)
class ReplacementRecord:
    """Findings, the newest first, each with every ruling made on it; attestations and facts, withdrawn ones too."""

    findings: Sequence[FindingRecord]
    rulings: dict[int, list[RulingEvent]]
    attestations: Sequence[Attestation]
    facts: Sequence[DocumentedFact]

    @property
    def open_findings(self) -> list[FindingRecord]:
        """Those that bear on abuse or neglect and wait for a ruling."""
        return [one for one in self.findings if one.neglect_or_abuse and one.ruling is None and one.mended_at is None]

    @property
    def attestation(self) -> Attestation | None:
        """The signature that stands."""
        return next((one for one in self.attestations if one.withdrawn_at is None), None)


def replacement_record(session: Session, pump_id: int) -> ReplacementRecord:
    """All of it for one pump, in four queries."""
    findings = findings_of_pumps(session, [pump_id]).get(pump_id, [])
    events = session.exec(
        select(RulingEvent)
        .join(FindingRecord, col(FindingRecord.id) == col(RulingEvent.finding_id))
        .where(col(FindingRecord.pump_id) == pump_id)
        .order_by(col(RulingEvent.id))
    )
    rulings: dict[int, list[RulingEvent]] = {}
    for event in events:
        rulings.setdefault(event.finding_id, []).append(event)
    attestations = session.exec(
        select(Attestation).where(col(Attestation.pump_id) == pump_id).order_by(col(Attestation.id).desc())
    ).all()
    facts = session.exec(
        select(DocumentedFact).where(col(DocumentedFact.pump_id) == pump_id).order_by(col(DocumentedFact.id).desc())
    ).all()
    return ReplacementRecord(findings[::-1], rulings, attestations, facts)
