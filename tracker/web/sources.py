"""Where the record behind a fact stands: the link from a determination to what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from tracker.records.finding import FindingRecord


def source_link(serial: str, source: Mapping[str, Any] | None) -> str | None:
    """The page that shows the record, or None where there is none to show."""
    if not source:
        return None
    kind, number = source.get("kind"), source.get("id")
    places = {
        "reading": f"/pumps/{serial}/readings?report={number}",
        "alarm": f"/pumps/{serial}#alarm-{number}",
        "forecast": f"/pumps/{serial}#forecast",
        "documented_fact": f"/pumps/{serial}/replacement#fact-{number}",
        "attestation": f"/pumps/{serial}/replacement#attestation-{number}",
        "finding": f"/pumps/{serial}/replacement#findings",
        "visit": f"/pumps/{serial}/visits/{number}",
        "model": f"/pumps/{serial}#device",
    }
    return places.get(str(kind))


def mend_link(serial: str, finding: FindingRecord) -> str | None:
    """The page on which a finding's mend is done, filled in as far as the finding tells; None where there is none."""
    at = finding.happened_at.isoformat()
    visits = {
        "unlogged_refill": {"at": at, "refilled": "yes"},
        "unlogged_reprogramming": {"at": at, "reprogrammed": "yes"},
        "late_refill": {"refilled": "yes"},  # when it was done, only a person knows
        "session_not_completed": {},
    }
    if finding.kind in visits:
        return f"/pumps/{serial}/visits/new?{urlencode(visits[finding.kind])}".rstrip("?")
    if finding.kind == "unknown_programmer":
        return f"/clinic?{urlencode({'programmer': finding.key.partition(':')[2]})}#programmers"
    if finding.kind in {"refill_not_seen", "code_contradicted", "volume_discrepancy"}:
        logged = (part for part in finding.evidence if isinstance(part, Mapping) and part.get("kind") == "visit")
        return next((source_link(serial, part) for part in logged), None)
    return None
