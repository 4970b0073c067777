"""A rotation's week as a calendar shows it: a column a day, in the clinic's zone, with who begins when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from tracker.web.views.templating import zone


@dataclass(frozen=True, slots=True)
class Part:
    """One person on one day. ``begins``: the time on the clinic's clock; ``member`` None: a gap."""

    begins: str
    member: str | None
    is_override: bool


@dataclass(frozen=True, slots=True)
class Day:
    """One column."""

    name: str
    parts: tuple[Part, ...]


def week(shifts: Sequence[Mapping[str, Any]], timezone: str) -> list[Day]:
    """The days that those shifts cover, each with its people in order."""
    days: dict[str, list[Part]] = {}
    for shift in shifts:
        for begin in _days(shift["from"], shift["to"], timezone):
            part = Part(f"{begin:%H:%M}", shift["member"], shift["override"])
            days.setdefault(f"{begin:%a} {begin.day} {begin:%b}", []).append(part)
    return [Day(name, tuple(parts)) for name, parts in days.items()]


def _days(start: datetime, end: datetime, timezone: str) -> Iterator[datetime]:
    """The beginning of the span, and each midnight within it, as local times."""
    local = start.astimezone(zone(timezone))
    while local < end:
        yield local
        midnight = (local + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)
        local = midnight
