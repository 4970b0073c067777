"""What is known of a reservoir from outside: reports of its volume, and refills on record."""

from collections.abc import Sequence
from datetime import datetime
from itertools import pairwise
from statistics import fmean
from typing import Final

from msgspec import Struct

from devices.decline import Decline
from devices.report import Infusion

VOLUME_ERROR_ML: Final = 0.05
"""The error of one reported volume, as a standard deviation, until the reports themselves show it. Assumption."""


class ReservoirPoint(Struct, frozen=True, gc=False):
    """One report of the reservoir: an aware moment, the volume, and the flow and mode if they were reported."""

    at: datetime
    reservoir_ml: float
    flow_ml_per_day: float | None
    infusion: Infusion | None = None


class Refill(Struct, frozen=True, gc=False):
    """One refill on record, by a visit or a programmer session; a volume that nobody gave is None.

    `expected_ml` by the programme, `aspirated_ml` drawn back, `filled_ml` put in after that.
    """

    id: int
    at: datetime
    filled_ml: float | None = None
    expected_ml: float | None = None
    aspirated_ml: float | None = None


class Level(Struct, frozen=True):
    """What the reservoir holds at `at`, by what counts.

    `used_ml` is what was delivered since the last fill in view, and `fill` the reports since it. `filled_at` is when
    the pump was filled last, None where nothing shows it. `odd` is the newest report if it does not count yet;
    `by_refill` the refill that the level rests on while no report has come since; `contradicted` the refills that the
    reports do not show.
    """

    state: Decline
    at: datetime
    used_ml: float
    fill: tuple[ReservoirPoint, ...]
    filled_at: datetime | None
    odd: ReservoirPoint | None
    by_refill: Refill | None
    contradicted: tuple[Refill, ...]


def reported_error_ml(known: Sequence[ReservoirPoint], flow: float) -> float:
    """Judge the error of one reported volume from neighbours at most three days apart, as for the battery."""
    if len(known) <= 20:
        return VOLUME_ERROR_ML
    jumps = []
    for before, after in pairwise(known):
        start, flow = flow, flow if after.flow_ml_per_day is None else after.flow_ml_per_day
        days = (after.at - before.at).total_seconds() / 86_400
        if days <= 3:
            jumps.append(abs(after.reservoir_ml - before.reservoir_ml + days * (start + flow) / 2))
    if len(jumps) < 20:
        return VOLUME_ERROR_ML
    jumps.sort()
    return min(max(fmean(jumps[: len(jumps) * 95 // 100]) / 1.014, 0.01), 1.0)
