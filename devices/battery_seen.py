"""What a pump reported of its battery's end: when the indicator came on, and what it said afterwards.

An indicator does not un-happen. Once a pump has said ERI or EOS, the first such report dates the end of service,
whatever later reports say: one that says "ok" again is a contradiction to be shown, not news of a better battery.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from typing import Final

from msgspec import Struct

from devices.battery_words import day_in
from devices.interval import Interval
from devices.report import Indicator

GAIN_PERCENT: Final = 5.0
"""A battery that can't be charged has gained charge when two reports in a row lie so far above an earlier level, in
percentage points. Assumed: six times the error of one report."""


class BatteryPoint(Struct, frozen=True, gc=False):
    """One report of the battery: an aware moment, and whatever was said then; None is not known."""

    at: datetime
    voltage_v: float | None
    remaining_percent: float | None
    indicator: Indicator | None
    flow_ml_per_day: float | None


class IndicatorSeen(Struct, frozen=True, gc=False):
    """The end as the pump reported it: `eri_at` and `eos_at` are the first reports with each (ERI never after EOS).

    `contradiction` is the sentence on a later report that takes it back, None where none does.
    """

    eri: Interval
    eos: Interval
    eri_at: datetime
    eos_at: datetime | None
    contradiction: str | None
    basis: tuple[str, ...]


class Gain(Struct, frozen=True, gc=False):
    """A level of charge, in percent, and the higher one reported after it."""

    low_at: datetime
    low: float
    high_at: datetime
    high: float

    def sentence(self, zone: tzinfo) -> str:
        """What is said of it, with days of that zone."""
        return (
            f"The battery went from {self.low:.3g} % on {day_in(zone, self.low_at)} up to {self.high:.3g} % on "
            f"{day_in(zone, self.high_at)}, and it can't be charged: one of the reports is wrong. The earliest date is "
            "that of the lower one; interrogate the pump."
        )


def indicator_seen(
    known: Sequence[BatteryPoint], since: datetime | None, limit: datetime | None, margin: timedelta, zone: tzinfo
) -> IndicatorSeen | None:
    """Return between which reports the indicator came on and when service ends; None if it never came on.

    `known` in order of time, from `since` (the implant) on; days are named in `zone`. `margin` is the time from ERI to
    EOS; the model stops at `limit` at the latest. The end of service is never later than the first report with the
    indicator plus `margin`.
    """
    told = [reading for reading in known if reading.indicator is not None]
    at = next((index for index, reading in enumerate(told) if reading.indicator is not Indicator.OK), None)
    if at is None:
        return None
    first = told[at].at
    before = told[at - 1].at if at > 0 else max(first - margin, since or first - margin)
    eri = Interval(before, before + (first - before) / 2, first)
    basis = [f"The pump reported the indicator on {day_in(zone, first)}."]
    ended = next((index for index, reading in enumerate(told) if reading.indicator is Indicator.EOS), None)
    if ended is None:
        eos = _expected(eri.shifted(margin), told[-1].at, limit, basis, zone)
        eos_at = None
    else:
        eos_at = told[ended].at
        running = told[ended - 1].at if ended > at else before
        basis.append(f"The pump reported the end of service on {day_in(zone, eos_at)}.")
        eos = Interval(running, running + (eos_at - running) / 2, eos_at)
    contradiction = _taken_back(told, at if ended is None else ended, zone)
    if contradiction is not None:
        basis.append(contradiction)
    return IndicatorSeen(eri, eos, first, eos_at, contradiction, tuple(basis))


def _expected(eos: Interval, latest: datetime, limit: datetime | None, basis: list[str], zone: tzinfo) -> Interval:
    """The end of service where only ERI was reported: not before the newest report, and never after `eos.high`."""
    high = eos.high
    if limit is not None and latest < limit < high:
        high = limit
    if latest > high:
        basis.append(f"It still ran on {day_in(zone, latest)}, past that day: it may stop at any moment.")
    elif latest > eos.low:
        basis.append(f"It still ran on {day_in(zone, latest)}.")
    low = min(max(eos.low, latest), high)
    return Interval(low, min(max(eos.median, low), high), high)


def _taken_back(told: Sequence[BatteryPoint], at: int, zone: tzinfo) -> str | None:
    """The sentence on the newest report that says less than the one at `at` did; None where none does."""
    ended = told[at].indicator is Indicator.EOS
    later = (one for one in reversed(told[at + 1 :]) if one.indicator is Indicator.OK or ended)
    back = next((one for one in later if one.indicator is not Indicator.EOS), None)
    if back is None:
        return None
    charge = "" if back.remaining_percent is None else f" with {back.remaining_percent:.3g} %"
    name = "“ok”" if back.indicator is Indicator.OK else "ERI"
    return (
        f"On {day_in(zone, back.at)} it reported {name}{charge}, which contradicts that: an indicator does not go "
        f"back, so the report of {day_in(zone, told[at].at)} counts. Interrogate the pump."
    )


def gained(measured: Sequence[BatteryPoint]) -> Gain | None:
    """Return where the battery gained charge, by readings that all have a percentage, in order of time; None if not.

    A single wild report is no gain: both the lower level and the higher one are confirmed by two reports in a row. Nor
    is one that was over before the newest reports, nor are reports of one moment that contradict each other.
    """
    lowest: tuple[float, datetime] | None = None
    found: Gain | None = None
    for one, other in pairwise(measured):
        first, second = one.remaining_percent or 0.0, other.remaining_percent or 0.0
        risen = min(first, second)
        found = None
        if lowest is not None and other.at > lowest[1] and risen > lowest[0] + GAIN_PERCENT:
            found = Gain(lowest[1], lowest[0], other.at, second)
        level = max(first, second)
        if lowest is None or level <= lowest[0]:
            lowest = (level, other.at)
    return found
