"""How fast this pump's battery drains, learnt from what it reported: between `devices.decline` and `devices.battery`.

The factor is the drain factor of `devices.battery_drain`. It starts from the pump's kind; percentages are taken
together in groups, whose middle shrugs off single wild values.
"""

from collections.abc import Sequence
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from statistics import fmean, median
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from devices.battery_drain import DAYS_PER_YEAR, DRAIN_WANDER_PER_SQRT_YEAR, PERCENT_NOISE_SD, drain_factor
from devices.decline import Decline, advance, correct
from devices.model import PumpModel

MAX_GROUPS: Final = 120
LEAST_GROUP_DAYS: Final = 3.0
SURPRISE_SD: Final = 4.5
CHANGED_FACTOR_SD: Final = 1.0
"""A group further than so many deviations from where it was expected is doubted. When the next one lies as far off on
the same side, the drain itself has changed: the level starts from there, and the factor is learnt afresh."""

START_PERCENT_SD: Final = 0.5
LEAST_FACTOR: Final = 0.05
FLOW_WANDER_PER_SQRT_YEAR: Final = 0.02
"""How far changes of the prescription move the nominal drain in a year, before any were seen. Assumption."""

_WANDER: Final = DRAIN_WANDER_PER_SQRT_YEAR**2


class DrainPoint(Struct, frozen=True, gc=False):
    """One report, worked out: age in days, nominal percentage used so far, percentage reported, nominal drain a day."""

    day: float
    nominal_used: float
    percent: float | None
    nominal_per_day: float


def follow(model: PumpModel, points: Sequence[DrainPoint], *, from_new: bool) -> Decline:
    """Return what is known at the last point, learnt from all of them; they are in order of time.

    `from_new`: the first day counted is the implant, when the battery was full; otherwise only the kind is known
    beforehand. At least one point has a percentage.
    """
    noise_variance = _noise_sd(points) ** 2
    mean, variance = kind_of_factor(model)
    groups = _groups(points)
    state = Decline(0.0, 100.0, mean, START_PERCENT_SD**2, 0.0, variance)
    used = 0.0
    if not from_new:
        first, groups = groups[0], groups[1:]
        state = Decline(first.day, first.percent, mean, noise_variance * first.share, 0.0, variance)
        used = first.nominal_used
    doubted = 0.0
    for group in groups:
        state = advance(state, group.day - state.day, group.nominal_used - used, _WANDER)
        used = group.nominal_used
        error = noise_variance * group.share
        surprise = group.percent - state.level
        if surprise**2 <= SURPRISE_SD**2 * (state.var_level + error):
            state = correct(state, group.percent, error)
            if state.factor < LEAST_FACTOR:
                state = replace(state, factor=LEAST_FACTOR)
            doubted = 0.0
        elif surprise * doubted > 0:
            state = Decline(group.day, group.percent, state.factor, error, 0.0, state.var_factor + CHANGED_FACTOR_SD**2)
            doubted = 0.0
        else:
            doubted = surprise
    last = points[-1]
    return advance(state, last.day - state.day, last.nominal_used - used, _WANDER)


def wander_variance(state: Decline, points: Sequence[DrainPoint]) -> float:
    """Return what the drain gains in variance in a year: by itself, and through changes of the flow as seen so far."""
    return _WANDER + (state.factor * _flow_wander(points)) ** 2


@lru_cache(maxsize=64)
def kind_of_factor(model: PumpModel) -> tuple[float, float]:
    """Return mean and variance of the drain factor over all pumps of the model."""
    factors = [drain_factor(model, (step + 0.5) / 200) for step in range(200)]
    mean = fmean(factors)
    return mean, fmean((factor - mean) ** 2 for factor in factors)


def _flow_wander(points: Sequence[DrainPoint]) -> float:
    """Judge how far the nominal drain moves in a year, relative to itself, by its changes over spans of two months."""
    years, squares = 1.0, FLOW_WANDER_PER_SQRT_YEAR**2
    marks = [points[0]]
    for point in points[1:]:
        if point.day - marks[-1].day >= DAYS_PER_YEAR / 6:
            marks.append(point)
    for before, after in pairwise(marks):
        middle = (before.nominal_per_day + after.nominal_per_day) / 2
        squares += ((after.nominal_per_day - before.nominal_per_day) / middle) ** 2
        years += (after.day - before.day) / DAYS_PER_YEAR
    return sqrt(squares / years)


class _Group(Struct, frozen=True, gc=False):
    """Neighbouring percentages taken together; `share` is the variance of their middle by that of one of them."""

    day: float
    nominal_used: float
    percent: float
    share: float


def _groups(points: Sequence[DrainPoint]) -> list[_Group]:
    measured = [point for point in points if point.percent is not None]
    length = max(LEAST_GROUP_DAYS, (measured[-1].day - measured[0].day) / MAX_GROUPS)
    groups: list[_Group] = []
    start = 0
    for end in range(1, len(measured) + 1):
        if end == len(measured) or measured[end].day - measured[start].day >= length:
            groups.append(_group(measured[start:end]))
            start = end
    return groups


def _group(points: Sequence[DrainPoint]) -> _Group:
    first = points[0]
    if len(points) == 1 and first.percent is not None:
        return _Group(first.day, first.nominal_used, first.percent, 1.0)
    percents = [point.percent for point in points if point.percent is not None]
    count = len(percents)
    robust = count >= 5  # the median costs half as much again in variance
    return _Group(
        day=fmean([point.day for point in points]),
        nominal_used=fmean([point.nominal_used for point in points]),
        percent=median(percents) if robust else fmean(percents),
        share=(1.5 if robust else 1.0) / count,
    )


def _noise_sd(points: Sequence[DrainPoint]) -> float:
    """Judge the error of one report from the jumps between neighbours at most three days apart; few tell nothing.

    The mean of the smaller 95 % of such jumps is 1.014 times the error, if that is normal, and ignores wild values.
    """
    jumps = sorted(
        abs(before.percent - after.percent)
        for before, after in pairwise(points)
        if before.percent is not None and after.percent is not None and after.day - before.day <= 3
    )
    if len(jumps) < 40:
        return PERCENT_NOISE_SD
    return min(max(fmean(jumps[: len(jumps) * 95 // 100]) / 1.014, 0.2), 5.0)
