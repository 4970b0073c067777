"""One item of the worklist that a pump needs, before it is stored."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from devices.alarms import Priority


@dataclass(frozen=True, slots=True)
class WantedItem:
    """What a person must do about one cause. ``key`` names the cause; ``harm_at`` is when harm is to be expected.

    ``snoozed_until`` carries an alarm's snooze over to its item; ``link`` is the page where the next step is done.
    ``holds`` says why nobody can close it while its cause lasts; empty where a person may.
    ``clinic_id`` is the clinic whose task it is; None: the one that follows the pump.
    ``news_at`` is when something came that nobody had seen before: an item that was done earlier does not cover it.
    """

    key: str
    kind: str
    priority: Priority
    harm_at: datetime
    what: str
    why: str
    next_step: str
    since: datetime
    link: str
    snoozed_until: datetime | None = None
    news_at: datetime | None = None
    holds: str = ""
    clinic_id: int | None = None


URGENT_HOLDS: Final = (
    "An urgent task can't be closed while its cause lasts: take it, note what was done, do the next step."
)


def holds(item: WantedItem) -> str:
    """Why nobody can close the task now: what its maker says, or that it is urgent; empty where a person may."""
    return item.holds or (URGENT_HOLDS if item.priority >= Priority.HIGH else "")


def page(serial: str, part: str = "") -> str:
    """The pump's page, or a part of it."""
    return f"/pumps/{serial}" + (f"/{part}" if part else "")
