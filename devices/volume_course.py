"""Whether a reservoir falls as it should: the volumes of the last days against the flow that they should show.

A pump may report the programmed flow and lose four times as much; or report no flow at all. The volumes say it either
way. One odd volume, or a sudden loss, is no course: it is reported only where the rest of it runs the same way.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from devices.report import Infusion
from devices.reservoir_points import ReservoirPoint

FASTER: Final = 1.5
"""So many times the expected fall is no accuracy of a pump any more: labels allow 15 % and less. Assumed."""
SLOWER: Final = 1 / FASTER
LEAST_SPAN: Final = timedelta(days=2)
LONGEST_SPAN: Final = timedelta(days=30)
LEAST_REPORTS: Final = 4
"""Fewer reports, or within less time, prove nothing. Assumed."""
LEAST_DIFFERENCE_ML: Final = 1.0
"""A smaller difference from what should have flowed may be the error of two volumes. Assumed."""
RISE_ML: Final = 0.2
"""A volume that rises by more was filled: what came before it belongs to another fill. Assumed."""
EMPTY_ML: Final = 0.3
"""Below this nothing is left to fall. Assumed."""
_STEPS_ML: Final = (1.0, 0.5, 0.1)
_PART: Final = 0.5  # how much of the excess the rest must show: volumes are rounded, and reports come when they come
_STILL: Final = frozenset({Infusion.STOPPED, Infusion.MINIMUM_RATE})
_CHANGES: Final = frozenset({Infusion.FLEX, Infusion.BOLUS})


@dataclass(frozen=True, slots=True)
class VolumeCourse:
    """A fall of the volume that the flow does not explain: from when to when, how much fell and how much should have.

    `expected_ml` counts all allotted boluses where more fell, and none where less did.
    """

    since: datetime
    until: datetime
    fallen_ml: float
    expected_ml: float

    @property
    def ratio(self) -> float:
        """How many times what should have flowed is gone."""
        return self.fallen_ml / self.expected_ml

    @property
    def per_day(self) -> float:
        """The fall in mL a day."""
        return self.fallen_ml / ((self.until - self.since) / timedelta(days=1))


def course_off(
    readings: Sequence[ReservoirPoint], asked_ml_per_day: float | None, boluses_ml_per_day: float = 0.0
) -> VolumeCourse | None:
    """Return the shortest stretch up to the newest report in which the volume falls far from as it should, or None.

    `readings` in order of time. The flow is the one reported with each volume; where none is, or where it changes by
    the hour, the one asked for. None too where neither is known.
    """
    if not readings or readings[-1].reservoir_ml <= EMPTY_ML or readings[-1].infusion in _STILL:
        return None
    step = _step(readings)
    fallen, expected, spans = [0.0], [0.0], [0.0]  # up to the newest report, from each of those before it
    for place in range(len(readings) - 2, -1, -1):
        before, after = readings[place], readings[place + 1]
        days = (after.at - before.at) / timedelta(days=1)
        flow = _flow(before, after, asked_ml_per_day)
        fell = before.reservoir_ml - after.reservoir_ml
        if flow is None or before.infusion in _STILL or fell < -RISE_ML or spans[-1] + days > LONGEST_SPAN.days:
            return None
        fallen.append(fallen[-1] + fell)
        expected.append(expected[-1] + flow * days)
        spans.append(spans[-1] + days)
        if len(spans) >= LEAST_REPORTS and spans[-1] >= LEAST_SPAN.days:
            given = _off(fallen, expected, spans, boluses_ml_per_day, step)
            if given is not None:
                return VolumeCourse(before.at, readings[-1].at, fallen[-1], given)
    return None


def _off(
    fallen: Sequence[float], expected: Sequence[float], spans: Sequence[float], boluses: float, step: float
) -> float | None:
    """What should have flowed, where the stretch, also without its worst third, fell far more or far less; else None.

    A volume that is reported in steps may be off by one of them.
    """
    most = expected[-1] + boluses * spans[-1]
    least = max(LEAST_DIFFERENCE_ML, 2 * step)
    if fallen[-1] - step >= FASTER * most and fallen[-1] - most >= least:
        share, times = boluses, 1 + _PART * (FASTER - 1)
    elif fallen[-1] + step <= SLOWER * expected[-1] and expected[-1] - fallen[-1] >= least:
        share, times = 0.0, 1 - _PART * (1 - SLOWER)
    else:
        return None
    should_all = expected[-1] + share * spans[-1]
    # Each interval's fall and what it should have been; without the worst third of them the rest must run the same way.
    parts = [
        (fallen[place] - fallen[place - 1], should)
        for place in range(1, len(spans))
        for should in [expected[place] - expected[place - 1] + share * (spans[place] - spans[place - 1])]
    ]
    parts.sort(key=lambda part: part[0] - part[1], reverse=times > 1)
    rest = parts[max(len(parts) // 3, 1) :]
    fell, should = sum(part[0] for part in rest), sum(part[1] for part in rest)
    if (times > 1 and fell - step < times * should) or (times < 1 and fell + step > times * should):
        return None
    return should_all


def _flow(before: ReservoirPoint, after: ReservoirPoint, asked: float | None) -> float | None:
    told = [one for one in (before.flow_ml_per_day, after.flow_ml_per_day) if one is not None]
    if not told or (asked is not None and before.infusion in _CHANGES):
        return asked or None
    flow = sum(told) / len(told)
    return flow if flow > 0 else None


def _step(readings: Sequence[ReservoirPoint]) -> float:
    """The coarsest step that every volume is a whole number of, in mL; 0 for a pump that reports finely."""
    for step in _STEPS_ML:
        if all(abs(one.reservoir_ml / step - round(one.reservoir_ml / step)) < 1e-6 for one in readings):
            return step
    return 0.0
