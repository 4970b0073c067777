"""Emergency accesses as the values that the worklist is made from."""

from __future__ import annotations

from tracker.findings.emergency_seen import EmergencySeen
from tracker.records.column_types import key
from tracker.records.staff import BreakGlass


def seen_emergency(row: BreakGlass) -> EmergencySeen:
    """An emergency access that waits for a review."""
    return EmergencySeen(key(row.id), row.clinic_id or 0, row.opened_by, row.from_clinic, row.reason, row.opened_at)
