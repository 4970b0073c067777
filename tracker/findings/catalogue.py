"""Every kind of finding. A kind is added by its function and one line here."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import timedelta
from typing import Final

from tracker.findings.care_signs import dry_runs, handling, late_refills, prolonged_stops, unattended_alarms
from tracker.findings.history import Finding, History
from tracker.findings.programming_signs import (
    codes_contradicted,
    sessions_not_completed,
    unknown_programmers,
    unlogged_reprogrammings,
)
from tracker.findings.reservoir_signs import refills_not_seen, unlogged_refills, vanished_volumes, volume_discrepancies

KINDS: Final[tuple[Callable[[History], Iterable[Finding]], ...]] = (
    dry_runs,
    late_refills,
    vanished_volumes,
    unlogged_refills,
    refills_not_seen,
    volume_discrepancies,
    unlogged_reprogrammings,
    sessions_not_completed,
    unknown_programmers,
    prolonged_stops,
    unattended_alarms,
    codes_contradicted,
    handling,
)

SAME_CAUSE: Final = timedelta(hours=36)
"""Two findings of a kind so close together have one cause: which report shows it first depends on what came late."""
BY_RECORD: Final = frozenset(
    {"refill_not_seen", "volume_discrepancy", "code_contradicted", "session_not_completed", "unknown_programmer"}
)
"""Kinds that name their cause by a record, so that nearness in time says nothing."""


def findings(history: History) -> tuple[Finding, ...]:
    """Everything that the history shows, in order of time, each cause once."""
    found: list[Finding] = []
    for finding in sorted((one for kind in KINDS for one in kind(history)), key=lambda one: (one.happened_at, one.key)):
        if not any(same_cause(finding, known) for known in found):
            found.append(finding)
    return tuple(found)


def same_cause(one: Finding, other: Finding) -> bool:
    """Whether two findings have the same cause."""
    if one.kind != other.kind:
        return False
    if one.key == other.key:
        return True
    return one.kind not in BY_RECORD and abs(one.happened_at - other.happened_at) <= SAME_CAUSE
