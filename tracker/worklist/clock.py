"""The task to set a clock right: what a wrong clock dates can't be trusted, and what a fast one dates is refused."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from devices.check import CLOCK_IS_WRONG
from tracker.findings.clinic_day import time_text
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

SET_WITHIN: Final = timedelta(days=3)
"""Assumed: alarms are counted from their arrival meanwhile, forecasts rest on older reports."""
_STEP: Final = "Have the clock of the communicator set, or the communicator replaced. Check the pump with a programmer."


def clock_items(view: PumpSnapshot, _now: datetime) -> list[WantedItem]:
    """One task while the newest reports carry a wrong time, or are refused for theirs."""
    contact = view.link
    if contact.clock_wrong_since is not None:
        told = None if view.state is None else view.state.clock_at
        said = "" if told is None else f" The newest says {time_text(view, told)}."
        why = (
            f"The numbers of its reports rise, but their times do not fit.{said} "
            "Its alarms count as on now, from their arrival; forecasts and findings leave these reports out."
        )
        return [_item(view, "The pump's clock is wrong", why, contact.clock_wrong_since)]
    if contact.unmeasured_by == "refused" and CLOCK_IS_WRONG in contact.refused_because:
        since = contact.understood_at or view.created_at
        why = (
            f"Reports are refused: {contact.refused_because.rstrip('.')}. Nothing is known of the pump until it is set."
        )
        return [_item(view, "The communicator's clock is wrong", why, since)]
    return []


def _item(view: PumpSnapshot, what: str, why: str, since: datetime) -> WantedItem:
    return WantedItem(
        key=f"pump:{view.pump_id}:clock",
        kind="clock",
        priority=Priority.MEDIUM,
        harm_at=since + SET_WITHIN,
        what=what,
        why=why,
        next_step=_STEP,
        since=since,
        link=page(view.serial),
        news_at=since,
    )
