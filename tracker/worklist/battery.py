"""Items from the battery: a replacement to plan, one planned too late, or one whose day went by."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.findings.battery_seen import NOTHING_TOLD
from tracker.findings.clinic_day import day_of, day_text, time_text, zone_named
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

PLANNING_NOTICE: Final = timedelta(days=183)
"""Planning opens six months before the end of service that is expected."""
SOON: Final = timedelta(days=30)
MISSED_HARM: Final = timedelta(days=7)
"""How soon somebody is to say what became of a surgery, where no battery tells. Assumed."""


def battery_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """A replacement to plan, from six months before the expected end on; or one planned too late, or missed.

    The pump's own indicator counts whether or not an alarm came with it, and whatever a later report says.
    """
    battery = NOTHING_TOLD if view.outlook is None else view.outlook.battery
    if battery.eos_at is not None:
        return [_ended(view, battery.eos_at)]
    planned = view.replacement_planned_for
    if planned is not None and planned < day_of(view, now) - timedelta(days=1):
        return [_missed(view, planned)]
    if planned is not None:
        return _too_late(view, planned, now)
    ahead = view.outlook
    if ahead is None or ahead.eos.interval is None:
        return []
    eos = ahead.eos.interval
    if eos.low - now > PLANNING_NOTICE:
        return []
    near = eos.low - now <= SOON or battery.eri_at is not None
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:battery",
            kind="battery",
            priority=Priority.MEDIUM if near else Priority.LOW,
            harm_at=eos.low,
            what=(
                f"Plan the replacement: service ends about {day_of(view, eos.median):%Y-%m}"
                if battery.eri_at is None
                else f"Battery at ERI: service ends about {day_text(view, eos.low)}"
            ),
            why=f"80% between {day_text(view, eos.low)} and {day_text(view, eos.high)}. {ahead.eos.basis}",
            next_step="Complete the replacement's documents and set a date for surgery.",
            since=min(eos.low - PLANNING_NOTICE, now),
            link=page(view.serial, "replacement"),
            news_at=battery.eri_at,
        )
    ]


def _ended(view: PumpSnapshot, at: datetime) -> WantedItem:
    """The pump says that its battery has ended: it may stop at any time, if it has not."""
    planned = view.replacement_planned_for
    told = "" if planned is None else f" Surgery is planned for {planned}."
    return WantedItem(
        key=f"pump:{view.pump_id}:battery",
        kind="battery",
        priority=Priority.HIGH,
        harm_at=at,
        what="Battery has reached its end of service",
        why=f"The pump reported it on {time_text(view, at)}: it may stop at any time.{told}",
        next_step="Call the patient, see whether the pump still delivers, bridge the drug, and arrange surgery now.",
        since=at,
        link=page(view.serial, "replacement"),
        news_at=at,
    )


def _too_late(view: PumpSnapshot, planned: date, now: datetime) -> list[WantedItem]:
    """Surgery planned for a day on which the battery may have ended already: beside its alarm, a task of its own."""
    eos = None if view.outlook is None else view.outlook.eos.interval
    if view.outlook is None or eos is None or planned <= day_of(view, eos.low):
        return []
    between = f"{day_text(view, eos.low)} and {day_text(view, eos.high)}"
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:battery_plan",
            kind="battery",
            priority=Priority.MEDIUM,
            harm_at=eos.low,
            what=f"Surgery is planned for {planned}, but the battery may end before it",
            why=f"End of service is expected between {between} (80%). {view.outlook.eos.basis}",
            next_step="Plan an earlier day for surgery, or bridge the drug until then.",
            since=min(eos.low - PLANNING_NOTICE, now),
            link=page(view.serial, "replacement"),
        )
    ]


def _missed(view: PumpSnapshot, planned: date) -> WantedItem:
    """Surgery that nobody recorded: the pump goes on counting as the one in the patient."""
    eos = None if view.outlook is None else view.outlook.eos.interval
    day = datetime.combine(planned, time(12), zone_named(view.zone)).astimezone(UTC)
    between = "" if eos is None else f"{day_text(view, eos.low)} and {day_text(view, eos.high)}"
    told = "" if eos is None else f" Its end of service is expected between {between}."
    return WantedItem(
        key=f"pump:{view.pump_id}:battery",
        kind="battery",
        priority=Priority.MEDIUM,
        harm_at=day + MISSED_HARM if eos is None else max(eos.low, day),
        what="The day planned for surgery is past",
        why=f"The replacement was planned for {planned} and nothing is recorded since.{told}",
        next_step="Record the replacement, or plan another day.",
        since=day,
        link=page(view.serial, "replacement"),
        news_at=day,
    )
