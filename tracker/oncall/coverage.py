"""Where nobody would be told: tasks whose steps reach nobody, and the gaps of rotations in words."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from devices.alarms import Priority
from tracker.oncall.policy import policy_for
from tracker.oncall.preview import Gap, gaps, name_of, unreachable
from tracker.oncall.recipients import everybody, recipients
from tracker.oncall.values import Oncall, Person, Policy
from tracker.oncall.zones import zone

AHEAD: Final = timedelta(days=14)
"""So far ahead a gap is looked for: time enough to find somebody. Assumed."""
LISTED: Final = 8
_DAY: Final = "%a %Y-%m-%d %H:%M %Z"


@dataclass(frozen=True, slots=True)
class Unreached:
    """A policy of which tasks wait and that reaches nobody, and why each person named can't be told."""

    policy: Policy
    reasons: tuple[str, ...]

    @property
    def name(self) -> str:
        """As a gap of the same policy is called."""
        return name_of(self.policy)


@dataclass(frozen=True, slots=True)
class GapSeen:
    """The gaps of one rotation, or of one policy without a rotation, as a person reads them."""

    name: str
    first: str
    all: tuple[str, ...]
    begins: datetime


def unreached(
    waiting: Collection[tuple[str | None, Priority]], oncall: Oncall, people: Sequence[Person], at: datetime
) -> tuple[Unreached, ...]:
    """The policies of those units and priorities whose steps name nobody who can be told at that moment."""
    found = []
    for policy in dict.fromkeys(policy_for(oncall, unit, priority) for unit, priority in waiting):
        tell = [word for step in policy.steps for word in step.tell]
        if not recipients(tell, oncall, people, at):
            reasons = unreachable(tell, oncall, people, at) or (f"{', '.join(dict.fromkeys(tell))}: nobody",)
            found.append(Unreached(policy, reasons))
    return tuple(found)


def anybody(people: Sequence[Person]) -> bool:
    """Whether anybody of the clinic can be told of an alarm."""
    return bool(everybody(people))


def gaps_ahead(oncall: Oncall, people: Sequence[Person], at: datetime) -> tuple[GapSeen, ...]:
    """The gaps of the next fourteen days, by rotation; times are of the rotation's own zone.

    A gap that has begun has no beginning in its words, and one that lasts has no end, so that the words stay the same
    from one look to the next.
    """
    end = at + AHEAD
    zones = {rota.name: rota.time_zone for rota in oncall.rotas}
    by_name: dict[str, list[Gap]] = {}
    for gap in gaps(oncall, people, at, end):
        known = by_name.setdefault(gap.rota, [])
        if known and known[-1].end == gap.start:
            reasons = dict.fromkeys((*known[-1].reason.split("; "), gap.reason))
            known[-1] = replace(known[-1], end=gap.end, reason="; ".join(reasons))
        else:
            known.append(gap)
    seen = []
    for name, found in by_name.items():
        times = [_times(gap, at, end, zones.get(name, oncall.time_zone)) for gap in found]
        lines = tuple(f"{time}: {gap.reason}" for time, gap in zip(times, found, strict=True))
        seen.append(GapSeen(name, times[0], lines[:LISTED], found[0].start))
    return tuple(seen)


def _times(gap: Gap, at: datetime, horizon: datetime, time_zone: str) -> str:
    """``Sat 2026-11-28 02:00 EST to 06:00 EST``."""
    in_zone = zone(time_zone)
    begins, ends = gap.start.astimezone(in_zone), gap.end.astimezone(in_zone)
    if gap.end >= horizon:
        return "from now on" if gap.start <= at else f"from {begins:{_DAY}} on"
    until = f"{ends:%H:%M %Z}" if begins.date() == ends.date() else f"{ends:{_DAY}}"
    return f"now until {ends:{_DAY}}" if gap.start <= at else f"{begins:{_DAY}} to {until}"
