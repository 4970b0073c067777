"""The lines of work that a pump asks for now: one per cause, with what, why, since when and what to do next.

A cause is what a person would deal with in one go: the reservoir, the battery, delivery that stopped. An alarm and a
forecast of the same cause are one line, which takes the more urgent of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tracker.findings.pump_snapshot import PumpView
from tracker.worklist.alarms import alarm_lines
from tracker.worklist.battery import battery_lines
from tracker.worklist.budget import budget_lines
from tracker.worklist.clock import clock_lines
from tracker.worklist.contact import contact_lines
from tracker.worklist.delivery import delivery_lines
from tracker.worklist.emergency import emergency_lines
from tracker.worklist.handover import handover_lines, transferred_lines
from tracker.worklist.item import Line
from tracker.worklist.missing_facts import fact_lines
from tracker.worklist.open_records import advisory_lines, draft_lines, finding_lines, mri_lines
from tracker.worklist.prescription import prescription_lines
from tracker.worklist.replacement import replacement_lines
from tracker.worklist.reservoir import refill_basis_lines, reservoir_lines
from tracker.worklist.sign_in import sign_in_lines
from tracker.worklist.stock import stock_lines
from tracker.worklist.volume import volume_course_lines

ENDED: Final = frozenset({"explanted", "replaced", "deceased", "returned", "transferred"})
"""States of a pump that this clinic no longer answers for: it asks for nothing but a ruling on what is recorded.

One that was transferred and still reports here is told of, since nobody else sees it."""

KINDS: Final[tuple[Callable[[PumpView, datetime], list[Line]], ...]] = (
    alarm_lines,
    delivery_lines,
    volume_course_lines,
    reservoir_lines,
    refill_basis_lines,
    battery_lines,
    contact_lines,
    clock_lines,
    budget_lines,
    sign_in_lines,
    prescription_lines,
    draft_lines,
    mri_lines,
    advisory_lines,
    finding_lines,
    replacement_lines,
    handover_lines,
    fact_lines,
    emergency_lines,
)

ON_THE_SHELF: Final[tuple[Callable[[PumpView, datetime], list[Line]], ...]] = (
    stock_lines,
    budget_lines,
    sign_in_lines,
    advisory_lines,
    draft_lines,
    finding_lines,
    emergency_lines,
)
"""A pump in nobody: no drug is missed, and nobody is called."""


def wanted(view: PumpView, now: datetime) -> tuple[Line, ...]:
    """Every line that the pump asks for, one per cause, most urgent first."""
    kinds = (finding_lines, transferred_lines, budget_lines, emergency_lines) if view.lifecycle in ENDED else KINDS
    if view.lifecycle == "in_stock":
        kinds = ON_THE_SHELF
    by_key: dict[str, Line] = {}
    for kind in kinds:
        for line in kind(view, now):
            known = by_key.get(line.key)
            by_key[line.key] = line if known is None else _joined(known, line)
    return tuple(sorted(by_key.values(), key=lambda line: (-line.priority, line.harm_at, line.key)))


def _joined(one: Line, other: Line) -> Line:
    """One line of two with the same cause: the more urgent one's words, the other's reason after its own."""
    first, second = sorted((one, other), key=lambda line: (-line.priority, line.harm_at))
    both_snoozed = first.snoozed_until is not None and second.snoozed_until is not None
    return Line(
        key=first.key,
        kind=first.kind,
        priority=first.priority,
        harm_at=min(first.harm_at, second.harm_at),
        what=first.what,
        why=f"{first.why} {second.why}",
        next_step=first.next_step,
        since=min(first.since, second.since),
        link=first.link,
        snoozed_until=first.snoozed_until if both_snoozed else None,
        news_at=max((at for at in (first.news_at, second.news_at) if at is not None), default=None),
        holds=first.holds or second.holds,
        clinic_id=first.clinic_id,
    )
