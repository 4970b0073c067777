"""Where the record behind a fact stands: the link from a determination to what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from urllib.parse import urlencode

from tracker.findings.catalogue import CATALOGUE
from tracker.findings.kind import FixedAt
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
    kind = CATALOGUE.get(finding.kind)
    place = FixedAt.NOWHERE if kind is None else kind.fixed_at
    if place in _NEW:
        given = {name: at if value is None else value for name, value in _NEW[place].items()}
        return f"/pumps/{serial}/visits/new?{urlencode(given)}".rstrip("?")
    if place is FixedAt.PROGRAMMERS:
        return f"/clinic?{urlencode({'programmer': finding.key.partition(':')[2]})}#programmers"
    if place is FixedAt.ITS_VISIT:
        logged = (part for part in finding.evidence if isinstance(part, Mapping) and part.get("kind") == "visit")
        return next((source_link(serial, part) for part in logged), None)
    return None


_NEW: Final[Mapping[FixedAt, Mapping[str, str | None]]] = {
    FixedAt.NEW_VISIT: {},
    FixedAt.NEW_REFILL: {"refilled": "yes"},  # when it was done, only a person knows
    FixedAt.NEW_REFILL_THEN: {"at": None, "refilled": "yes"},
    FixedAt.NEW_REPROGRAMMING_THEN: {"at": None, "reprogrammed": "yes"},
}
"""What a new visit is filled in with; None stands for the finding's own time."""
