"""Expected replacements by month and refills by week, as counts with their interval. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

MONTHS = 24
WEEKS = 12
#: the 80 % interval's limits and middle, as shares of the chance that the end has come by then
_LOW, _MIDDLE, _HIGH = 0.1, 0.5, 0.9
_DAY_S = 86_400.0


class Ending(Protocol):
    """A pump's expected end of service with its 80 % interval, and the surgery's day where it is planned.

    Times are in seconds since 1970: a clinic has very many of them to count.
    """

    @property
    def eos_low_s(self) -> float:
        """When it may come at the earliest."""

    @property
    def eos_median_s(self) -> float:
        """The middle estimate."""

    @property
    def eos_high_s(self) -> float:
        """When it may come at the latest."""

    @property
    def planned_for(self) -> date | None:
        """The day of the surgery."""


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


def by_month(expected: Iterable[Ending], today: date, zone: str) -> list[Month]:
    """The next 24 months. What should have ended already counts in the first one.

    Each pump spreads over its interval; the month's number is the sum of those chances, and the range around it is
    what eight of ten such months would show if pumps end independently of one another.
    """
    edges = months_from(today)
    moments = [_at(edge, zone).timestamp() for edge in edges]
    months = [_Sums() for _ in range(MONTHS)]
    for one in expected:
        low, middle, high = one.eos_low_s, one.eos_median_s, one.eos_high_s
        first = max(1, bisect_right(moments, low - max(_DAY_S, middle - low)))
        last = min(MONTHS, bisect_left(moments, high + max(_DAY_S, high - middle)))
        before = 0.0 if first == 1 else _by(low, middle, high, moments[first - 1])
        for number in range(first, max(first, last) + 1):
            if number > MONTHS:
                break
            come = _by(low, middle, high, moments[number])
            months[number - 1].add(come - before)
            before = come
        place = max(1, bisect_right(moments, middle))
        if place <= MONTHS:
            months[place - 1].middle += 1
        if one.planned_for is not None and edges[0] <= one.planned_for < edges[-1]:
            months[bisect_right(edges, one.planned_for) - 1].planned += 1
    return [month.told(start) for month, start in zip(months, edges, strict=False)]


def week_edges(today: date, zone: str) -> tuple[list[date], list[datetime]]:
    """The Mondays with which the next 12 weeks begin, and the moments at which they end."""
    monday = today - timedelta(days=today.weekday())
    starts = [monday + timedelta(weeks=step) for step in range(WEEKS)]
    return starts, [_at(start + timedelta(weeks=1), zone) for start in starts]


def by_week(before: Sequence[int], today: date, zone: str) -> list[Week]:
    """The next 12 weeks from how many refills are due before the end of each; what is overdue counts in the first."""
    starts, _ = week_edges(today, zone)
    return [
        Week(start, upto - (before[step - 1] if step else 0))
        for step, (start, upto) in enumerate(zip(starts, before, strict=True))
    ]


@dataclass(slots=True)
class _Sums:
    """What adds up to one month."""

    mean: float = 0.0
    variance: float = 0.0
    middle: int = 0
    planned: int = 0

    def add(self, chance: float) -> None:
        """One pump's chance to end in this month."""
        self.mean += chance
        self.variance += chance * (1 - chance)

    def told(self, start: date) -> Month:
        """The month that begins on that day."""
        spread = 1.2816 * max(0.0, self.variance) ** 0.5
        low, high = max(0, round(self.mean - spread)), round(self.mean + spread)
        return Month(start, self.middle, self.mean, low, high, self.planned)


def _by(low: float, middle: float, high: float, moment: float) -> float:
    """The chance that the end of service has come by then, straight between the interval's limits and its middle.

    All four in seconds since 1970; beyond its limits the course goes on as it is between them and the middle.
    """
    if moment <= low:
        return max(0.0, _LOW * (1 - (low - moment) / max(_DAY_S, middle - low)))
    if moment >= high:
        return min(1.0, _HIGH + (1 - _HIGH) * ((moment - high) / max(_DAY_S, high - middle)))
    if moment <= middle:
        return _LOW + (_MIDDLE - _LOW) * ((moment - low) / max(1.0, middle - low))
    return _MIDDLE + (_HIGH - _MIDDLE) * ((moment - middle) / max(1.0, high - middle))


def _at(day: date, zone: str) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone))
