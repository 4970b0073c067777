"""Items towards a replacement that can be defended: what the determination still lacks."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import AlarmCode, Priority
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.findings.replacement_facts import WORDS
from tracker.worklist.item import WantedItem, page

COMPLETE_WITHIN: Final = timedelta(days=30)
ASKED: Final = WORDS | {
    "abuse_or_neglect": "a clinician's attestation on abuse or neglect",
    "battery_nearing_end": "when the battery will end",
    "impending_failure_notice": "a report of the pump's alarms",
    "device_has_battery": "the pump's model",
}


def is_stalled(view: PumpSnapshot) -> bool:
    """Whether the motor is stalled now: a person finds and documents whether it can be repaired (CMM-210.5 1b).

    A stall that is over, as after an MRI, and a pump that somebody stopped are no question of repair.
    """
    reported = view.state is not None and view.state.motor == "stalled"
    return reported or any(alarm.code is AlarmCode.MOTOR_STALL and alarm.active for alarm in view.alarms)


def replacement_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """What is missing, once a replacement is in question: a first limb is met, it is planned, or the motor stalled."""
    in_question = view.limb_met or view.lifecycle == "replacement_planned" or is_stalled(view)
    if not in_question or not view.missing:
        return []
    asked = ", ".join(ASKED.get(name, name) for name in view.missing)
    ahead = None if view.outlook is None else view.outlook.eos.interval
    since = view.determined_at or now
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:replacement",
            kind="replacement",
            priority=Priority.LOW,
            harm_at=since + COMPLETE_WITHIN if ahead is None else max(ahead.low - COMPLETE_WITHIN, since),
            what="Finish replacement paperwork",
            why=f"CMM-210.5 can't be decided without: {asked}.",
            next_step="Enter what is known with its document; a clinician attests once every finding is ruled on.",
            since=since,
            link=page(view.serial, "replacement"),
        )
    ]
