"""Expected replacements by month and refills by week, as counts with their interval. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

from tracker.records.views_planning import Expected, Refill

MONTHS = 24
WEEKS = 12
#: the 80 % interval's limits and middle, as shares of the chance that the end has come by then
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9


@dataclass(frozen=True, slots=True)
class Month:
    """One month: the replacements whose middle estimate lies in it, and how few or many it may be."""

    start: date
    count: int
    expected: float
    low: int
    high: int
    planned: int


@dataclass(frozen=True, slots=True)
class Week:
    """One week from Monday on: refills due in it, or overdue before it in the first."""

    start: date
    count: int


def months_from(first: date, count: int = MONTHS) -> list[date]:
    """The first days of that many months, from the month of ``first`` on."""
    index = first.year * 12 + first.month - 1
    return [date((index + step) // 12, (index + step) % 12 + 1, 1) for step in range(count + 1)]


def by_month(expected: Sequence[Expected], today: date, zone: str) -> list[Month]:
    """The next 24 months. What should have ended already counts in the first one.

    Each pump spreads over its interval; the month's number is the sum of those chances, and the range around it is
    what eight of ten such months would show if pumps end independently of one another.
    """
    edges = months_from(today)
    rows = []
    for start, end in pairwise(edges):
        first = start == edges[0]
        begins, ends = _at(start, zone), _at(end, zone)
        chances = [_by(one, ends) - (0.0 if first else _by(one, begins)) for one in expected]
        mean = sum(chances)
        spread = 1.2816 * sum(chance * (1 - chance) for chance in chances) ** 0.5
        middle = [one for one in expected if one.eos_median_at < ends and (first or one.eos_median_at >= begins)]
        planned = [one for one in expected if one.planned_for and (start <= one.planned_for < end)]
        low, high = max(0, round(mean - spread)), round(mean + spread)
        rows.append(Month(start, len(middle), mean, low, high, len(planned)))
    return rows


def by_week(refills: Sequence[Refill], today: date, zone: str) -> list[Week]:
    """The next 12 weeks; what is overdue counts in the first one."""
    monday = today - timedelta(days=today.weekday())
    rows = []
    for step in range(WEEKS):
        start = monday + timedelta(weeks=step)
        begins, ends = _at(start, zone), _at(start + timedelta(weeks=1), zone)
        rows.append(
            Week(start, sum(one.refill_by_at < ends and (step == 0 or one.refill_by_at >= begins) for one in refills))
        )
    return rows


def _by(one: Expected, moment: datetime) -> float:
    """The chance that the end of service has come by then, straight between the interval's limits and its middle."""
    points = ((one.eos_low_at, _LOW), (one.eos_median_at, _MIDDLE), (one.eos_high_at, _HIGH))
    first_at, last_at = one.eos_low_at, one.eos_high_at
    if moment <= first_at:
        before = max(timedelta(days=1), one.eos_median_at - one.eos_low_at)
        return max(0.0, _LOW * (1 - (first_at - moment) / before))
    if moment >= last_at:
        after = max(timedelta(days=1), one.eos_high_at - one.eos_median_at)
        return min(1.0, _HIGH + (1 - _HIGH) * ((moment - last_at) / after))
    for (begin, begin_share), (end, end_share) in pairwise(points):
        if moment <= end:
            part = (moment - begin) / max(end - begin, timedelta(seconds=1))
            return begin_share + (end_share - begin_share) * part
    return 1.0


def _at(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
