"""Who is on call by a rotation. Hand-overs keep to the wall clock of the rotation's zone, across daylight saving.

A local hand-over time that does not exist in spring is taken as the same moment an hour later on the clock; one that
comes twice in autumn is taken at its first.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tracker.oncall.values import Rota


@dataclass(frozen=True, slots=True)
class Shift:
    """Who is on call from when to when; ``member`` None: nobody."""

    start: datetime
    end: datetime
    member: str | None
    is_override: bool = False


def on_call(rota: Rota, at: datetime) -> str | None:
    """Who is on call at that moment, overrides counted, the last one in the list first; None before it starts."""
    for override in reversed(rota.overrides):
        if override.start <= at < override.end:
            return override.member
    return _by_turn(rota, at)


def next_on_call(rota: Rota, at: datetime) -> str | None:
    """Who comes after whoever is on call: the next other member in the rotation's order."""
    return next(iter(successors(rota, at)), None)


def successors(rota: Rota, at: datetime) -> tuple[str, ...]:
    """The other members in the order in which they come, each once. Who gave the shift away comes last."""
    number = _shift_number(rota, at)
    first = 0 if number is None else number + 1
    count = len(rota.members)
    order = dict.fromkeys(rota.members[(first + ahead) % count] for ahead in range(count))
    current = on_call(rota, at)
    return tuple(member for member in order if member != current)


def shifts(rota: Rota, start: datetime, end: datetime) -> tuple[Shift, ...]:
    """The shifts between two moments, cut to them and in order; neighbours of one person are one."""
    edges = {start, end}
    edges |= {edge for edge in _handovers(rota, start, end) if start < edge < end}
    for override in rota.overrides:
        edges |= {edge for edge in (override.start, override.end) if start < edge < end}
    found: list[Shift] = []
    for begin, stop in pairwise(sorted(edges)):
        member = on_call(rota, begin)
        overridden = member != _by_turn(rota, begin)
        last = found[-1] if found else None
        if last is not None and (last.member, last.is_override) == (member, overridden):
            found[-1] = Shift(last.start, stop, member, overridden)
        else:
            found.append(Shift(begin, stop, member, overridden))
    return tuple(found)


def next_change(rota: Rota, at: datetime) -> datetime:
    """When somebody else may be on call next: at a hand-over, or where an override begins or ends."""
    number = _shift_number(rota, at)
    edges = [_moment(rota, 0 if number is None else number + 1)]
    edges += [edge for override in rota.overrides for edge in (override.start, override.end) if edge > at]
    return min(edges)


def _by_turn(rota: Rota, at: datetime) -> str | None:
    number = _shift_number(rota, at)
    return None if number is None or not rota.members else rota.members[number % len(rota.members)]


def _shift_number(rota: Rota, at: datetime) -> int | None:
    """The shift that runs at that moment, counted from 0; None before the first."""
    if at < _moment(rota, 0):
        return None
    local = at.astimezone(ZoneInfo(rota.time_zone)).replace(tzinfo=None)
    number = max(0, int((local - rota.starts) / timedelta(hours=rota.every_hours)))
    # Around a change of the clock the guess by wall clock is off by one at the most.
    while number > 0 and _moment(rota, number) > at:
        number -= 1
    while _moment(rota, number + 1) <= at:
        number += 1
    return number


def _handovers(rota: Rota, start: datetime, end: datetime) -> Iterator[datetime]:
    number = _shift_number(rota, start) or 0
    while (moment := _moment(rota, number)) < end:
        yield moment
        number += 1


def _moment(rota: Rota, number: int) -> datetime:
    """When the shift of that number begins, in UTC."""
    local = rota.starts + number * timedelta(hours=rota.every_hours)
    return local.replace(tzinfo=ZoneInfo(rota.time_zone)).astimezone(UTC)
