"""Every kind of finding. A kind is added by its file in `kinds` and one line here."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Final

from tracker.findings.history import Finding, History
from tracker.findings.kind import FindingKind
from tracker.findings.kinds import (
    alarm_unattended,
    code_contradicted,
    handling_against_limits,
    late_refill,
    prolonged_stop,
    ran_dry,
    refill_not_seen,
    session_not_completed,
    unknown_programmer,
    unlogged_refill,
    unlogged_reprogramming,
    volume_discrepancy,
    volume_vanished,
)

KINDS: Final[Sequence[FindingKind]] = (
    ran_dry.KIND,
    late_refill.KIND,
    volume_vanished.KIND,
    unlogged_refill.KIND,
    refill_not_seen.KIND,
    volume_discrepancy.KIND,
    unlogged_reprogramming.KIND,
    session_not_completed.KIND,
    unknown_programmer.KIND,
    prolonged_stop.KIND,
    alarm_unattended.KIND,
    code_contradicted.KIND,
    handling_against_limits.KIND,
)
CATALOGUE: Final[Mapping[str, FindingKind]] = MappingProxyType({kind.name: kind for kind in KINDS})

SAME_CAUSE: Final = timedelta(hours=36)
"""Two findings of a kind so close together have one cause: which report shows it first depends on what came late."""


def findings(history: History) -> tuple[Finding, ...]:
    """Everything that the history shows, in order of time, each cause once, with what to exclude first."""
    found: list[Finding] = []
    shown = [_complete(kind, one, history) for kind in KINDS for one in kind.find(history)]
    for finding in sorted(shown, key=lambda one: (one.happened_at, one.key)):
        if not any(same_cause(finding.kind, (finding.key, finding.happened_at), known) for known in found):
            found.append(finding)
    return tuple(found)


def same_cause(kind: str, named: tuple[str, datetime], known: Finding) -> bool:
    """Whether what is named by key and time has the same cause as a finding."""
    key, happened_at = named
    if kind != known.kind:
        return False
    if key == known.key:
        return True
    return not CATALOGUE[kind].named_by_record and abs(happened_at - known.happened_at) <= SAME_CAUSE


def title(kind: str) -> str:
    """How pages name findings of that kind; one that the catalogue no longer has is named by its code."""
    known = CATALOGUE.get(kind)
    return kind.replace("_", " ").capitalize() if known is None else known.title


def _complete(kind: FindingKind, one: Finding, history: History) -> Finding:
    return replace(
        one,
        explanations=kind.explain(one.direction, history.model),
        neglect_or_abuse=kind.bears_on_neglect and one.neglect_or_abuse,
    )
