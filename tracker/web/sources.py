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
    match finding.kind:
        case "unlogged_refill":
            return f"/pumps/{serial}/visits/new?{urlencode({'at': at, 'refilled': 'yes'})}"
        case "unlogged_reprogramming":
            return f"/pumps/{serial}/visits/new?{urlencode({'at': at, 'reprogrammed': 'yes'})}"
        case "late_refill":  # when it was done, only a person knows
            return f"/pumps/{serial}/visits/new?refilled=yes"
        case "session_not_completed":
            return f"/pumps/{serial}/visits/new"
        case "unknown_programmer":
            named = urlencode({"programmer": finding.key.partition(":")[2]})
            return f"/clinic?{named}#programmers"
        case "refill_not_seen" | "code_contradicted" | "volume_discrepancy":
            visits = (part for part in finding.evidence if isinstance(part, Mapping) and part.get("kind") == "visit")
            return next((source_link(serial, part) for part in visits), None)
        case _:
            return None
