"""A level that falls as fast as something is used: the arithmetic that battery and reservoir share.

Two numbers are followed, the level left and a factor: how much the level falls for each nominal unit used. Each has its
uncertainty, and every measured level corrects both (a Kalman filter, exact here because the level falls linearly in the
factor). The time to reach a lower level then has a distribution whose quantiles are found by bisection.
"""

from math import sqrt
from statistics import NormalDist
from typing import Final

from msgspec import Struct

DAYS_PER_YEAR: Final = 365.25
FURTHEST_DAYS: Final = 40 * DAYS_PER_YEAR

_NORMAL: Final = NormalDist()


class Decline(Struct, frozen=True, gc=False):
    """What is known on `day`: the level left and the factor, their variances and their covariance."""

    day: float
    level: float
    factor: float
    var_level: float
    covariance: float
    var_factor: float


def advance(state: Decline, days: float, nominal: float, wander_variance: float) -> Decline:
    """Return the state `days` later, `nominal` having been used; the factor gains `wander_variance` in a year."""
    if days <= 0 and nominal == 0:
        return state
    wander = wander_variance * max(days, 0.0) / DAYS_PER_YEAR
    return Decline(
        state.day + days,
        state.level - state.factor * nominal,
        state.factor,
        state.var_level - 2 * nominal * state.covariance + nominal * nominal * (state.var_factor + wander / 3),
        state.covariance - nominal * (state.var_factor + wander / 2),
        state.var_factor + wander,
    )


def correct(state: Decline, level: float, noise_variance: float) -> Decline:
    """Return the state corrected by a measured level whose error has that variance."""
    gain = 1 / (state.var_level + noise_variance)
    by_level, by_factor = state.var_level * gain, state.covariance * gain
    surprise = level - state.level
    return Decline(
        state.day,
        state.level + by_level * surprise,
        state.factor + by_factor * surprise,
        state.var_level * (1 - by_level),
        state.covariance * (1 - by_level),
        state.var_factor - by_factor * state.covariance,
    )


def days_until(
    state: Decline,
    level: float,
    nominal_per_day: float,
    wander_variance: float,
    quantile: float,
    *,
    not_yet: bool,
    rise_per_year: float = 0.0,
) -> float:
    """Return in how many days from the state's day the level is reached, at that quantile of what may happen.

    `wander_variance` is what the factor gains in a year. `not_yet`: the level is known not to have been reached on the
    state's day. `rise_per_year`: the part of `nominal_per_day` by which a day uses more a year later. The answer is
    never negative nor beyond 40 years. Raises ValueError unless something is used each day.
    """
    if nominal_per_day <= 0:
        raise ValueError("a level that nothing is taken from reaches nothing")

    wandering = nominal_per_day**2 * wander_variance / (3 * DAYS_PER_YEAR)
    missing, factor = level - state.level, state.factor
    var_level, covariance, var_factor = state.var_level, state.covariance, state.var_factor

    def reached_by(days: float) -> float:
        """Return by how many standard deviations the level is expected to have been passed."""
        used = nominal_per_day * days * (1 + rise_per_year * days / (2 * DAYS_PER_YEAR))
        variance = var_level - 2 * used * covariance + used * used * var_factor + wandering * days * days * days
        return (missing + factor * used) / sqrt(max(variance, 1e-12))

    share = quantile
    if not_yet:
        already = _NORMAL.cdf(reached_by(0.0))
        share = already + quantile * (1 - already)
    if share >= 1:
        return 0.0
    wanted = _NORMAL.inv_cdf(share)
    low, high = 0.0, 1.0
    while high < FURTHEST_DAYS and reached_by(high) < wanted:
        low, high = high, high * 2
    while high - low > 0.01:
        middle = (low + high) / 2
        low, high = (middle, high) if reached_by(middle) < wanted else (low, middle)
    return min(high, FURTHEST_DAYS)
