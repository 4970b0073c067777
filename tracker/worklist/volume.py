"""A task from a reservoir that falls far faster or slower than the flow explains, whatever flow the pump reports."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from devices.lifecycle import IN_PATIENT, LifecycleState
from devices.volume_course import VolumeCourse
from tracker.findings.at_risk import dangerous_to_lose
from tracker.findings.clinic_day import time_text
from tracker.findings.delivery import interruptions
from tracker.findings.given_dose import SEVERAL_TIMES
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem, page

ACT_WITHIN: Final = {Priority.HIGH: timedelta(0), Priority.MEDIUM: timedelta(days=3)}
"""How soon somebody should look. Assumed."""
_TOO_FAST: Final = (
    "Call the patient, ask about drowsiness and weak breathing, and interrogate the pump. Look for over-infusion, "
    "boluses that are not on record, a leak, or a refill with less than was entered."
)
_TOO_SLOW: Final = (
    "Call the patient, ask about withdrawal or pain, and interrogate the pump. Look for a stall, a blocked or kinked "
    "catheter, or a refill that is not on record."
)


def volume_course_items(view: PumpSnapshot, _now: datetime) -> list[WantedItem]:
    """One task where the volume contradicts the flow; a pump that is known not to deliver has its own."""
    off = None if view.outlook is None else view.outlook.off
    if off is None or LifecycleState(view.lifecycle) not in IN_PATIENT or interruptions(view):
        return []
    faster = off.ratio > 1
    priority = _priority(view, off)
    span = f"{time_text(view, off.since)} to {time_text(view, off.until)}"
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:volume_course",
            kind="delivery",
            priority=priority,
            harm_at=off.until + ACT_WITHIN[priority],
            what=(
                f"Volume falls {off.ratio:.1f} times as fast as it should"
                if faster
                else f"Volume falls at {max(off.ratio, 0.0):.0%} of the rate that it should"
            ),
            why=(
                f"{off.fallen_ml:.1f} mL are gone from {span}; the flow explains {off.expected_ml:.1f} mL. "
                "Altitude and temperature, or how the pump counts its volume, may also explain it."
            ),
            next_step=_TOO_FAST if faster else _TOO_SLOW,
            since=off.since,
            link=page(view.serial),
            news_at=off.since,
        )
    ]


def _priority(view: PumpSnapshot, off: VolumeCourse) -> Priority:
    """High for several times too much of any drug, and for half or less of one that is dangerous to lose."""
    if off.ratio > 1:
        return Priority.HIGH if off.ratio >= SEVERAL_TIMES else Priority.MEDIUM
    grave = off.ratio <= 1 / SEVERAL_TIMES and dangerous_to_lose(view)
    return Priority.HIGH if grave else Priority.MEDIUM
