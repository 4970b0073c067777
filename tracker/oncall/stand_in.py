"""Somebody takes a shift of a rotation, or two people swap theirs: both are overrides, the rotation's order stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from tracker.oncall.rotation import shifts
from tracker.oncall.values import Override, Rota
from tracker.oncall.zones import to_utc, zone

LONGEST: Final = timedelta(days=31)
"""One shift that is taken lasts so long at the most. Assumed: who is away for longer changes the rotation."""
AHEAD: Final = timedelta(days=366)
"""How far ahead a shift may lie. Assumed."""
FORGOTTEN_AFTER: Final = timedelta(days=90)
"""An override that ended so long ago is left out of the document. Assumed; the audit trail has it."""


class Span(NamedTuple):
    """From one moment to a later one."""

    start: datetime
    end: datetime


class NoStandIn(ValueError):
    """What was asked for is no shift, or no swap; a sentence that says why."""


def take(rota: Rota, span: Span, member: str, now: datetime) -> Rota:
    """Return the rotation in which that person is on call for that span. Raises ``NoStandIn``."""
    _check(span, now)
    return _with(rota, [Override(span.start, span.end, member)], now)


def swap(rota: Rota, first: Span, second: Span, now: datetime) -> Rota:
    """Return the rotation in which whoever has each of the two shifts has the other one. Raises ``NoStandIn``."""
    for span in (first, second):
        _check(span, now)
    one, other = holder(rota, first), holder(rota, second)
    if one is None or other is None:
        raise NoStandIn("each of the two shifts needs one person who has all of it")
    if one == other:
        raise NoStandIn(f"{one} has both shifts: there is nothing to swap")
    if first.start < second.end and second.start < first.end:
        raise NoStandIn("the two shifts overlap")
    return _with(rota, [Override(*first, other), Override(*second, one)], now)


def holder(rota: Rota, span: Span) -> str | None:
    """Who is on call for the whole span; None where nobody is, or several people are."""
    members = {shift.member for shift in shifts(rota, span.start, span.end)}
    return members.pop() if len(members) == 1 else None


def day_of(rota: Rota, year: int, month: int, day: int) -> Span:
    """That day of the rotation: from its hand-over time to the same time of the next day, by the clock on the wall."""
    local = datetime.combine(datetime(year, month, day), rota.starts.time())  # noqa: DTZ001 - local time of the zone
    in_zone = zone(rota.time_zone)
    return Span(to_utc(local, in_zone), to_utc(local + timedelta(days=1), in_zone))


def _check(span: Span, now: datetime) -> None:
    if span.start >= span.end:
        raise NoStandIn("a shift ends after it begins")
    if span.end <= now:
        raise NoStandIn("this shift is over")
    if span.start > now + AHEAD:
        raise NoStandIn("a shift can be taken a year ahead at the most")
    if span.end - span.start > LONGEST:
        raise NoStandIn(f"at most {LONGEST.days} days can be taken at a time")


def _with(rota: Rota, added: list[Override], now: datetime) -> Rota:
    standing = [one for one in rota.overrides if one.end > now - FORGOTTEN_AFTER]
    return replace(rota, overrides=(*standing, *added))
