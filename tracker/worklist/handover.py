"""Items from a hand-over between clinics: one that nobody accepts, and a pump that was given to nobody."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.findings.clinic_day import day_text
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

ACCEPT_WITHIN: Final = timedelta(days=3)
"""An offer that nobody has accepted by then is asked about. Assumed: a working day on either side of a weekend."""
STILL_REPORTS: Final = 2
"""A pump whose newest report is no older than so many of its intervals still reports here."""


def handover_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """An offer that nobody has accepted for days. The pump stays this clinic's until somebody does."""
    offered = view.handover_offered_at
    if offered is None or now < offered + ACCEPT_WITHIN:
        return []
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:handover",
            kind="record",
            priority=Priority.MEDIUM,
            harm_at=offered + 2 * ACCEPT_WITHIN,
            what="No clinic has accepted this pump",
            why=f"It was offered on {day_text(view, offered)}. Until it is accepted, its alarms and refills are yours.",
            next_step="Call the other clinic: have it accept, or confirm that it follows the patient, or withdraw.",
            since=offered,
            link="/handovers",
        )
    ]


def transferred_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """A pump that is marked as transferred and still reports here: its alarms are on no clinic's list."""
    state = view.state
    if view.lifecycle != "transferred" or state is None:
        return []
    if now - state.measured_at > STILL_REPORTS * timedelta(seconds=max(view.report_interval_s, 3600)):
        return []
    urgent = [one for one in view.alarms if one.active and one.priority is Priority.HIGH]
    told = ", ".join(sorted(str(one.code).replace("_", " ") for one in urgent))
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:transferred",
            kind="record",
            priority=Priority.HIGH if urgent else Priority.MEDIUM,
            harm_at=now if urgent else state.measured_at + ACCEPT_WITHIN,
            what="A transferred pump still reports here" + (f": {told}" if told else ""),
            why="It is marked as transferred, and no clinic has taken it over here: nobody sees its alarms.",
            next_step="Call the clinic that follows the patient, or mark the pump as implanted to follow it again.",
            since=min((one.first_seen_at for one in urgent), default=state.measured_at),
            link=page(view.serial, "replacement#move"),
            news_at=max((one.first_seen_at for one in urgent), default=None),
        )
    ]
