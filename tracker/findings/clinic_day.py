"""Days and times as the pump's clinic reads them: a moment has one day there, whatever day UTC gives it.

Every sentence that names a day or a time is written with these, so that page, list, calendar and API name one day.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, tzinfo
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


class InZone(Protocol):
    """What belongs to a clinic: a pump's view, a pump's history."""

    @property
    def zone(self) -> str:
        """The clinic's time zone, by its IANA name."""


def day_of(seen: InZone, moment: datetime) -> date:
    """The clinic's day of an aware moment."""
    return moment.astimezone(zone_named(seen.zone)).date()


def day_text(seen: InZone, moment: datetime) -> str:
    """The clinic's day in words: ``2026-11-21``; pages write it as they write all days."""
    return day_of(seen, moment).isoformat()


def time_text(seen: InZone, moment: datetime) -> str:
    """A moment on the clinic's clock with its zone: ``2026-11-21 18:30 PST``; pages keep the zone beside it."""
    return f"{moment.astimezone(zone_named(seen.zone)):%Y-%m-%d %H:%M %Z}"


@lru_cache(maxsize=1024)
def zone_named(name: str) -> tzinfo:
    """The time zone of that IANA name; UTC where this machine does not know it."""
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC
