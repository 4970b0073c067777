"""The task where a pump's communicator sends more than its budget."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.findings.at_risk import dangerous_to_lose
from tracker.findings.budget_seen import OVER_FOR
from tracker.findings.clinic_day import time_text
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

LOOK_AGAIN: Final = timedelta(minutes=5)
ACT_WITHIN: Final = timedelta(days=1)
"""Assumed: the pump's newest reports may be among those that wait."""


def budget_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One task while the pump is over its budget; medium where its drug is dangerous to lose, since data is late."""
    over = view.over_budget
    if over is None or not over.lasts(now):
        return []
    why = (
        f"Over its budget of {over.of} since {time_text(view, over.since)}. Not taken so far: {over.not_taken}. "
        "Nothing is lost: it waits on the communicator, which sends it again. Its newest reports may be among it."
    )
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:contact",  # one cause: with silence or unread reports it is one task
            kind="contact",
            priority=Priority.MEDIUM if dangerous_to_lose(view) else Priority.LOW,
            harm_at=over.since + ACT_WITHIN,
            what="The communicator sends more than it may",
            why=why,
            next_step="Have the communicator restarted, checked or replaced. If it can't be reached, revoke its login "
            "on the pump's record, and call the patient: the pump is not monitored then.",
            since=over.since,
            link=page(view.serial),
            news_at=over.since,
        )
    ]


def budget_changes_at(view: PumpSnapshot, now: datetime) -> list[datetime]:
    """When to look again: soon while it lasts, for the count, and when it is over."""
    over = view.over_budget
    return [min(now + LOOK_AGAIN, over.newest + OVER_FOR)] if over is not None and over.lasts(now) else []
