"""The items that a pump asks for now: one per cause, with what, why, since when and what to do next.

A cause is what a person would deal with in one go: the reservoir, the battery, delivery that stopped. An alarm and a
forecast of the same cause are one item, which takes the more urgent of the two.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.alarms import alarm_items
from tracker.worklist.battery import battery_items
from tracker.worklist.budget import budget_items
from tracker.worklist.clock import clock_items
from tracker.worklist.contact import contact_items
from tracker.worklist.delivery import delivery_items
from tracker.worklist.emergency import emergency_items
from tracker.worklist.handover import handover_items, transferred_items
from tracker.worklist.item import WantedItem
from tracker.worklist.missing_facts import fact_items
from tracker.worklist.open_records import advisory_items, draft_items, finding_items, mri_items
from tracker.worklist.prescription import prescription_items
from tracker.worklist.replacement import replacement_items
from tracker.worklist.reservoir import refill_basis_items, reservoir_items
from tracker.worklist.sign_in import sign_in_items
from tracker.worklist.stock import stock_items
from tracker.worklist.volume import volume_course_items

ENDED: Final = frozenset({"explanted", "replaced", "deceased", "returned", "transferred"})
"""States of a pump that this clinic no longer answers for: it asks for nothing but a ruling on what is recorded.

One that was transferred and still reports here has its items, since nobody else sees it."""

KINDS: Final[tuple[Callable[[PumpSnapshot, datetime], list[WantedItem]], ...]] = (
    alarm_items,
    delivery_items,
    volume_course_items,
    reservoir_items,
    refill_basis_items,
    battery_items,
    contact_items,
    clock_items,
    budget_items,
    sign_in_items,
    prescription_items,
    draft_items,
    mri_items,
    advisory_items,
    finding_items,
    replacement_items,
    handover_items,
    fact_items,
    emergency_items,
)

ON_THE_SHELF: Final[tuple[Callable[[PumpSnapshot, datetime], list[WantedItem]], ...]] = (
    stock_items,
    budget_items,
    sign_in_items,
    advisory_items,
    draft_items,
    finding_items,
    emergency_items,
)
"""A pump in nobody: no drug is missed, and nobody is called."""


def wanted_items(view: PumpSnapshot, now: datetime) -> tuple[WantedItem, ...]:
    """Every item that the pump asks for, one per cause, most urgent first."""
    kinds = (finding_items, transferred_items, budget_items, emergency_items) if view.lifecycle in ENDED else KINDS
    if view.lifecycle == "in_stock":
        kinds = ON_THE_SHELF
    by_key: dict[str, WantedItem] = {}
    for kind in kinds:
        for item in kind(view, now):
            known = by_key.get(item.key)
            by_key[item.key] = item if known is None else _joined(known, item)
    return tuple(sorted(by_key.values(), key=lambda item: (-item.priority, item.harm_at, item.key)))


def _joined(one: WantedItem, other: WantedItem) -> WantedItem:
    """One item of two with the same cause: the more urgent one's words, the other's reason after its own."""
    first, second = sorted((one, other), key=lambda item: (-item.priority, item.harm_at))
    both_snoozed = first.snoozed_until is not None and second.snoozed_until is not None
    return WantedItem(
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
