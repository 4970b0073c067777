"""The task of a clinic whose pump somebody of another clinic opened in an emergency: to review what was done."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.findings.clinic_day import time_text
from tracker.findings.emergency_seen import EmergencySeen
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.worklist.item import WantedItem

REVIEW_WITHIN: Final = timedelta(days=3)
"""An emergency access is reviewed by then: a working day on either side of a weekend. Assumed."""
HOLDS: Final = "It stays until a physician or an administrator of your clinic has reviewed the access on its page."


def emergency_items(view: PumpSnapshot, _now: datetime) -> list[WantedItem]:
    """One task for each clinic whose pump it was when it was opened, whoever follows the patient by now."""
    clinics = dict.fromkeys(one.clinic_id for one in view.emergencies)
    return [_item(view, clinic, [one for one in view.emergencies if one.clinic_id == clinic]) for clinic in clinics]


def _item(view: PumpSnapshot, clinic_id: int, waiting: list[EmergencySeen]) -> WantedItem:
    first, newest = waiting[0], waiting[-1]
    several = "" if len(waiting) == 1 else f" ({len(waiting)} times)"
    return WantedItem(
        key=f"pump:{view.pump_id}:emergency:{clinic_id}",
        kind="access",
        priority=Priority.HIGH,
        harm_at=first.opened_at + REVIEW_WITHIN,
        what=f"Another clinic opened this record in an emergency{several}",
        why=(
            f"{newest.opened_by} of {newest.from_clinic} opened it on {time_text(view, newest.opened_at)}: "
            f"{newest.reason[:500]}"
        ),
        next_step=(
            "See what was read and done. Call the other clinic: the patient may be in its care. "
            "Then record your review."
        ),
        since=first.opened_at,
        link=f"/emergency/received/{first.id}",
        news_at=newest.opened_at,
        holds=HOLDS,
        clinic_id=clinic_id,
    )
