"""Rule on a finding: a named person says whether it stands, and why. Each ruling is kept; the newest counts."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session

from tracker.errors import Conflict, Invalid, NotFound
from tracker.records.column_types import key
from tracker.records.finding import FindingRecord, RulingEvent, standing_attestations
from tracker.records.pump import look_again

RULINGS: Final = ("upheld", "explained", "not_relevant")


def rule_finding(
    session: Session, finding_id: int, *, ruling: str, reason: str, by: str, now: datetime
) -> FindingRecord:
    """Rule on it, or rule again. Raises `Invalid` for another word or no reason.

    A finding can't be upheld under an attestation that none is evident: `Conflict`, withdraw that first.
    """
    if ruling not in RULINGS:
        raise Invalid(f"{ruling!r} is no ruling; it is one of {', '.join(RULINGS)}", field="ruling")
    if not reason.strip():
        raise Invalid("say what the ruling rests on", field="reason")
    finding = session.get(FindingRecord, finding_id, populate_existing=True, with_for_update=True)
    if finding is None:
        raise NotFound("there is no such finding")
    signed = standing_attestations(session, [finding.pump_id]).get(finding.pump_id)
    if ruling == "upheld" and finding.neglect_or_abuse and signed is not None and not signed.abuse_or_neglect:
        raise Conflict(f"{signed.name} has attested that no abuse or neglect is evident; that must be withdrawn first")
    finding.ruling, finding.ruling_reason = ruling, reason.strip()
    finding.ruled_by, finding.ruled_at = by, now
    session.add(finding)
    session.add(RulingEvent(finding_id=key(finding.id), at=now, by=by, ruling=ruling, reason=reason.strip()))
    session.flush()
    look_again(session, [finding.pump_id], now)
    return finding
