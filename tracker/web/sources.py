"""Where the record behind a fact stands: the link from a determination to what it rests on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


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
