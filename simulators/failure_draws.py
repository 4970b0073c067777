"""What chance has in store for one pump, drawn once at its implant from the published rates.

Rates marked as assumptions have no source; they make a clinic lively without making it implausible.
"""

import random
from collections.abc import Callable, Iterator
from math import log
from typing import Final

from simulators import events as h

PUMP_FAILURE_AT_78_MONTHS: Final = {True: 0.024, False: 0.070}
"""Share of pumps that failed by 78 months, with drugs approved for the pump and with others."""
FAILURE_SHAPE: Final = 2.0
"""The hazard of a stall rises with age; that it rises linearly is an assumption."""
SHARE_OF_STALLS_THAT_RECOVER: Final = 0.4
"""Assumption; recovery comes after 0.2 to 24 hours."""
MRI_PER_YEAR: Final = 0.2
"""Assumption. The rotor restarts within 20 minutes to 2 hours, now and then only within 24."""
INFECTION: Final = 0.007
"""Share of implants infected, all within the first three months; the pump is taken out."""

ABSENCES_PER_YEAR: Final = 0.03
SILENCES_PER_YEAR: Final = 0.08
UNLOGGED_REFILLS_PER_YEAR: Final = 0.006
SESSIONS_CUT_SHORT_PER_YEAR: Final = 0.004
MEMORY_LOSSES_PER_YEAR: Final = 0.02
SHARE_OF_PUMPS_TAPPED: Final = 0.015
"""All assumptions."""

_YEARS_AHEAD: Final = 12
_DAYS: Final = 365.25


def draw(
    rng: random.Random, *, motor: bool, battery: bool, approved_drug: bool, opioid: bool
) -> list[tuple[float, h.Happening]]:
    """Everything that befalls one pump from outside, with its age in days, for as long as any pump lives."""
    fate: list[tuple[float, h.Happening]] = []
    if motor:
        fate.extend(_stalls(rng, approved_drug=approved_drug))
    if battery:
        fate.extend(_often(rng, MRI_PER_YEAR, _mri))
        fate.extend(_often(rng, SESSIONS_CUT_SHORT_PER_YEAR, lambda r: h.SessionCutShort(r.uniform(0.5, 5.0))))
    fate.extend(_often(rng, ABSENCES_PER_YEAR, lambda r: h.RefillsMissed(round(r.uniform(10, 35), 1))))
    fate.extend(_often(rng, SILENCES_PER_YEAR, lambda r: h.Silence(round(r.uniform(2, 9), 1))))
    fate.extend(_often(rng, UNLOGGED_REFILLS_PER_YEAR, lambda _: h.UnloggedRefill()))
    fate.extend(_often(rng, MEMORY_LOSSES_PER_YEAR, lambda _: h.MemoryLoss()))
    if opioid and rng.random() < SHARE_OF_PUMPS_TAPPED:
        first = rng.uniform(200, 900)
        fate.extend((first + rng.uniform(20, 45) * n, h.Withdrawal(round(rng.uniform(1.5, 4.0), 2))) for n in range(5))
    return fate


def infected_at_days(rng: random.Random) -> float | None:
    """The age at which the pump must be taken out because of an infection, if it must."""
    return rng.uniform(5, 90) if rng.random() < INFECTION else None


def _often(
    rng: random.Random, per_year: float, make: Callable[[random.Random], h.Happening]
) -> Iterator[tuple[float, h.Happening]]:
    day = rng.expovariate(per_year / _DAYS)
    while day < _YEARS_AHEAD * _DAYS:
        yield day, make(rng)
        day += rng.expovariate(per_year / _DAYS)


def _stalls(rng: random.Random, *, approved_drug: bool) -> Iterator[tuple[float, h.Happening]]:
    share = PUMP_FAILURE_AT_78_MONTHS[approved_drug]
    scale = 6.5 / (-log(1 - share)) ** (1 / FAILURE_SHAPE)
    day = rng.weibullvariate(scale, FAILURE_SHAPE) * _DAYS
    while rng.random() < SHARE_OF_STALLS_THAT_RECOVER:
        yield day, h.Stall(round(rng.uniform(0.2, 24.0), 2))
        day += rng.uniform(0.5, 60)
    yield day, h.Stall(None)


def _mri(rng: random.Random) -> h.Mri:
    hours = rng.uniform(2, 24) if rng.random() < 0.08 else rng.uniform(0.33, 2.0)
    return h.Mri(round(hours, 2), round(hours + rng.uniform(0.2, 4.0), 2))
