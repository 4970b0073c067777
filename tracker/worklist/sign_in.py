"""The task where two devices may use one login, or a communicator's connection comes and goes."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.findings.clinic_day import time_text
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.findings.sign_in_seen import QUIET_FOR
from tracker.worklist.item import WantedItem, page

ACT_WITHIN: Final = timedelta(days=3)
"""Assumed: the pump's data may be another device's meanwhile."""
_TOLD: Final[Mapping[str, str]] = {
    "numbers": "message numbers that were used came again with other content",
    "epochs": "an older count of messages went on beside a newer one, which one device can't do",
    "connections": "the communicator signed in again and again, many times within an hour",
}
_REPLACE: Final = (
    "Replace the communicator's login on the pump's record, and set the new one up on the right device alone. "
)


def sign_in_items(view: PumpSnapshot, now: datetime) -> list[WantedItem]:
    """One task while there are signs; medium where the data itself may be of two devices."""
    shared = view.shared_sign_in
    if shared is None or not shared.lasts(now):
        return []
    doubted = any(sign in shared.signs for sign in ("numbers", "epochs"))
    seen = "; ".join(_TOLD[sign] for sign in shared.signs)
    if doubted:
        what = "Two devices may use the same login"
        why = "Some of this pump's data may be another device's, or the communicator lost its memory and began again."
        step = f"{_REPLACE}Check the pump with a programmer before you act on its data."
    else:
        what = "The connection comes and goes"
        why = "Two devices with one login throw each other out; a weak signal looks the same."
        step = f"Have the communicator's signal checked. If that is good, two devices may use one login. {_REPLACE}"
    return [
        WantedItem(
            key=f"pump:{view.pump_id}:sign_in",
            kind="record",
            priority=Priority.MEDIUM if doubted else Priority.LOW,
            harm_at=shared.since + ACT_WITHIN,
            what=what,
            why=f"Since {time_text(view, shared.since)}: {seen}. {why}",
            next_step=step.strip(),
            since=shared.since,
            link=page(view.serial, "record"),
            news_at=shared.since,
        )
    ]


def sign_in_changes_at(view: PumpSnapshot, now: datetime) -> list[datetime]:
    """When the signs are old enough to count as over."""
    shared = view.shared_sign_in
    return [shared.newest + QUIET_FOR] if shared is not None and shared.lasts(now) else []
