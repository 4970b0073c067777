"""How fast this pump's battery drains, learnt from what it reported: the arithmetic behind `devices.battery`.

The state is two numbers, the percentage left and the drain factor (see `devices.battery_drain`), each with its
uncertainty. It starts from the pump's kind and is corrected by every group of reported percentages: a Kalman filter,
exact here because the percentage falls linearly in the drain factor. The time to a given percentage then has a
distribution whose quantiles are found by bisection.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from math import sqrt
from statistics import NormalDist, fmean, median
from typing import Final

from devices.battery_drain import (
    DAYS_PER_YEAR,
    DRAIN_WANDER_PER_SQRT_YEAR,
    PERCENT_NOISE_SD,
    drain_factor,
)
from devices.model import PumpModel

NORMAL: Final = NormalDist()
MAX_GROUPS: Final = 120
SURPRISE_SD: Final = 4.5
START_PERCENT_SD: Final = 0.5
FLOW_WANDER_PER_SQRT_YEAR: Final = 0.02
"""How far the nominal drain wanders in a year through changes of the prescription, before any were seen. Assumption."""


@dataclass(frozen=True, slots=True)
class DrainPoint:
    """One report, worked out: age in days, nominal percentage used so far, percentage reported, nominal drain."""

    day: float
    nominal_used: float
    percent: float | None
    nominal_per_day: float


@dataclass(frozen=True, slots=True)
class DrainState:
    """What is known at `day`: percentage left and drain factor, their variances and covariance."""

    day: float
    percent: float
    factor: float
    var_percent: float
    covariance: float
    var_factor: float


def follow(model: PumpModel, points: Sequence[DrainPoint], *, from_new: bool) -> DrainState:
    """Return the state at the last point, learnt from all of them; they are in order of time.

    `from_new`: the first day counted is the implant, when the battery was full; otherwise only the kind is known
    beforehand. At least one point has a percentage.
    """
    noise_sd = _noise_sd(points)
    mean, variance = kind_of_factor(model)
    groups = _groups(points)
    state = DrainState(0.0, 100.0, mean, START_PERCENT_SD**2, 0.0, variance)
    used = 0.0
    if not from_new:
        state = DrainState(groups[0].day, groups[0].percent, mean, noise_sd**2 + 1.0, 0.0, variance)
        used = groups[0].nominal_used
        groups = groups[1:]
    for group in groups:
        state = _advance(state, group.day - state.day, group.nominal_used - used)
        used = group.nominal_used
        state = _correct(state, group.percent, noise_sd**2 * group.share, variance)
    last = points[-1]
    return _advance(state, last.day - state.day, last.nominal_used - used)


def days_until(
    state: DrainState, percent: float, nominal_per_day: float, flow_wander: float, quantile: float, *, not_yet: bool
) -> float:
    """Return in how many days from the state's day the battery falls to `percent`, at that quantile.

    `flow_wander` is the relative wander of the nominal drain in a year; `not_yet`: the percentage is known not to have
    been reached on the state's day. Raises ValueError for a nominal drain that is not above zero.
    """
    if nominal_per_day <= 0:
        raise ValueError("a battery always drains")
    yearly = DRAIN_WANDER_PER_SQRT_YEAR**2 + (state.factor * flow_wander) ** 2

    def reached_by(days: float) -> float:
        used = nominal_per_day * days
        mean = state.percent - state.factor * used
        variance = (
            state.var_percent
            - 2 * used * state.covariance
            + used * used * state.var_factor
            + nominal_per_day**2 * yearly * days**3 / (3 * DAYS_PER_YEAR)
        )
        return NORMAL.cdf((percent - mean) / sqrt(max(variance, 1e-9)))

    wanted = quantile
    if not_yet:
        already = reached_by(0.0)
        wanted = already + quantile * (1 - already)
    low, high = 0.0, 1.0
    while reached_by(high) < wanted and high < 40 * DAYS_PER_YEAR:
        low, high = high, high * 2
    for _ in range(40):
        middle = (low + high) / 2
        low, high = (middle, high) if reached_by(middle) < wanted else (low, middle)
        if high - low < 0.01:
            break
    return high


def flow_wander(points: Sequence[DrainPoint]) -> float:
    """Return how far the nominal drain wanders in a year, relative to itself, judged by its past changes."""
    years, squares = 1.0, FLOW_WANDER_PER_SQRT_YEAR**2
    step = DAYS_PER_YEAR / 6
    marks = [points[0]]
    for point in points[1:]:
        if point.day - marks[-1].day >= step:
            marks.append(point)
    for before, after in pairwise(marks):
        middle = (before.nominal_per_day + after.nominal_per_day) / 2
        squares += ((after.nominal_per_day - before.nominal_per_day) / middle) ** 2
        years += (after.day - before.day) / DAYS_PER_YEAR
    return sqrt(squares / years)


@lru_cache(maxsize=64)
def kind_of_factor(model: PumpModel) -> tuple[float, float]:
    """Return mean and variance of the drain factor over all pumps of the model."""
    factors = [drain_factor(model, (step + 0.5) / 200) for step in range(200)]
    mean = fmean(factors)
    return mean, fmean((factor - mean) ** 2 for factor in factors)


@dataclass(frozen=True, slots=True)
class _Group:
    """Neighbouring percentages taken together; `share` is the variance of their middle by that of one of them."""

    day: float
    nominal_used: float
    percent: float
    share: float


def _groups(points: Sequence[DrainPoint]) -> list[_Group]:
    measured = [point for point in points if point.percent is not None]
    length = max(3.0, (measured[-1].day - measured[0].day) / MAX_GROUPS)
    groups: list[_Group] = []
    start = 0
    for end in range(1, len(measured) + 1):
        if end == len(measured) or measured[end].day - measured[start].day >= length:
            groups.append(_group(measured[start:end]))
            start = end
    return groups


def _group(points: Sequence[DrainPoint]) -> _Group:
    percents = [point.percent for point in points if point.percent is not None]
    count = len(percents)
    robust = count >= 5  # the median shrugs off single wild values and costs half as much again in variance
    return _Group(
        day=fmean(point.day for point in points),
        nominal_used=fmean(point.nominal_used for point in points),
        percent=median(percents) if robust else fmean(percents),
        share=(1.5 if robust else 1.0) / count,
    )


def _noise_sd(points: Sequence[DrainPoint]) -> float:
    """Judge the error of one report from the jumps between neighbours at most three days apart; few tell nothing.

    The mean of the smaller 95 % of such jumps is 1.014 times the error, if that is normal, and ignores wild values.
    """
    jumps = [
        abs(before.percent - after.percent)
        for before, after in pairwise(points)
        if before.percent is not None and after.percent is not None and after.day - before.day <= 3
    ]
    if len(jumps) < 40:
        return PERCENT_NOISE_SD
    return min(max(fmean(sorted(jumps)[: len(jumps) * 95 // 100]) / 1.014, 0.2), 5.0)


def _advance(state: DrainState, days: float, nominal: float) -> DrainState:
    """Let `days` pass, in which a pump of factor 1 would use `nominal` percent."""
    if days <= 0 and nominal == 0:
        return state
    wander = DRAIN_WANDER_PER_SQRT_YEAR**2 * max(days, 0.0) / DAYS_PER_YEAR
    return DrainState(
        day=state.day + days,
        percent=state.percent - state.factor * nominal,
        factor=state.factor,
        var_percent=state.var_percent - 2 * nominal * state.covariance + nominal**2 * (state.var_factor + wander / 3),
        covariance=state.covariance - nominal * (state.var_factor + wander / 2),
        var_factor=state.var_factor + wander,
    )


def _correct(state: DrainState, percent: float, noise: float, kind_variance: float) -> DrainState:
    """Correct the state by a measured percentage. A great surprise means that the drain changed: learn it afresh."""
    surprise = percent - state.percent
    if surprise**2 > SURPRISE_SD**2 * (state.var_percent + noise):
        state = DrainState(
            state.day,
            state.percent,
            state.factor,
            state.var_percent + surprise**2,
            state.covariance,
            state.var_factor + kind_variance,
        )
    gain = 1 / (state.var_percent + noise)
    by_percent, by_factor = state.var_percent * gain, state.covariance * gain
    return DrainState(
        state.day,
        state.percent + by_percent * surprise,
        max(state.factor + by_factor * surprise, 0.05),
        state.var_percent * (1 - by_percent),
        state.covariance * (1 - by_percent),
        state.var_factor - by_factor * state.covariance,
    )
