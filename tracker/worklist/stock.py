"""A task from a pump on the shelf: it alarms nobody, but one that delivers is in somebody, and its record is wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority, meaning
from tracker.findings.delivery_trace import NOT_RUNNING
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

LOOK_WITHIN: Final = timedelta(days=3)
"""How soon somebody is to look at a pump in stock that says something odd. Assumed."""


def stock_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One task where a pump in stock reports that it delivers, or has an alarm that matters before an implant."""
    state = view.state
    if state is None:
        return []
    delivers = state.infusion not in NOT_RUNNING and state.flow_ml_per_day != 0
    alarms = [one for one in view.alarms if one.active and one.priority >= Priority.MEDIUM]
    if not delivers and not alarms:
        return []
    urgent = delivers and any(one.priority is Priority.HIGH for one in alarms)
    titles = ", ".join(sorted(meaning(one.code).title for one in alarms))
    priority = Priority.HIGH if urgent else Priority.MEDIUM if delivers else Priority.LOW
    told = f" It reports: {titles}." if titles else ""
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:stock",
            kind="record",
            priority=priority,
            harm_at=now if urgent else state.measured_at + LOOK_WITHIN,
            what="A pump in stock reports that it delivers" if delivers else "A pump in stock reports an alarm",
            why=(
                f"The record says that it is on the shelf, in nobody; its alarms count for no patient.{told}"
                if delivers
                else f"It is on the shelf, in nobody.{told}"
            ),
            next_step=(
                "Find out whether it was implanted, and record it: its alarms count from then on."
                if delivers
                else "Look at the pump before it is implanted."
            ),
            since=min((one.first_seen_at for one in alarms), default=state.measured_at),
            link=page(view.serial, "replacement#move"),
            news_at=max((one.first_seen_at for one in alarms), default=None),
        )
    ]
