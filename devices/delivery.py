"""What was truly delivered, as refills show it: what was drawn back beside what the programme left.

Most pumps do not measure their reservoir: they count down from what was entered at the fill. One that delivers more
than programmed then runs dry with its figure far from zero, and only what is drawn back tells (field notice FA596).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from statistics import fmean
from typing import Final

from devices.reservoir_points import Refill

READING_ERROR_ML: Final = 1.0
"""The error of what left the reservoir between two refills, as a standard deviation: two syringes, and what can't be
drawn back. Assumption."""

LEAST_PROGRAMMED_ML: Final = 3.0
"""With less programmed between two refills the difference says nothing. Assumption."""

PRIOR_SD: Final = 0.10
"""How far true delivery may lie from what the pump shows before a refill tells, as a standard deviation. Assumption."""

WORTH_TELLING: Final = 0.05
"""A share that syringes can't tell from nothing: it moves no date. Assumption."""

MOST_FILLS: Final = 4
LEAST_SHARE: Final = 0.3
MOST_SHARE: Final = 3.0
ONE_REFILL: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Delivery:
    """How much was delivered of what the pump shows: 1 is as shown.

    `early`, `middle` and `late` are the shares that the early end, the middle and the late end of a date count with;
    `because` names the refills.
    """

    early: float
    middle: float
    late: float
    because: str


def delivery_shown(
    refills: Sequence[Refill], reported_share: float, capacity_ml: float, zone: tzinfo
) -> Delivery | None:
    """Return what the refills, in order of time, show of the true delivery; None where they show nothing worth telling.

    `reported_share` is what the reported volumes fall by of each programmed mL: 1 for a pump that merely counts down.
    Where nobody recorded what was filled in before, a full reservoir of `capacity_ml` is taken, which makes the
    difference look smaller. More delivered than shown brings the early end forward with a single refill. Less delivered
    widens the late end; the other dates move later only once two refills in turn agree, and by the greater of the two.
    """
    shown = _shown(refills, reported_share, capacity_ml)[-MOST_FILLS:] if reported_share > 0 else []
    if not shown:
        return None
    shares = [one.share for one in shown]
    weights = [(one.programmed_ml / READING_ERROR_ML) ** 2 for one in shown]
    prior = 1 / PRIOR_SD**2
    weighed = sum(share * weight for share, weight in zip(shares, weights, strict=True))
    middle = (prior + weighed) / (prior + sum(weights))
    more = max(fmean(shares), fmean(shares[-2:]))
    because = _because(shown[-2:], zone)
    if more - 1 >= WORTH_TELLING:
        return Delivery(max(more, middle), max(middle, 1.0), 1.0, because)
    if 1 - shares[-1] < WORTH_TELLING:
        return None
    agreed = len(shares) > 1 and 1 - shares[-2] >= WORTH_TELLING
    cautious = max(shares[-2:]) if agreed else 1.0
    return Delivery(cautious, cautious, min(middle, cautious), because)


@dataclass(frozen=True, slots=True)
class _Shown:
    """What one refill shows: how much more was drawn back than expected, and the share that was delivered."""

    at: datetime
    programmed_ml: float
    more_ml: float
    share: float


def _shown(refills: Sequence[Refill], reported_share: float, capacity_ml: float) -> list[_Shown]:
    """For each refill that tells it: what truly left since the one before, as a share of what the pump shows."""
    found = []
    for before, one in pairwise([None, *_each_once(refills)]):
        if one is None or one.expected_ml is None or one.aspirated_ml is None:
            continue
        filled = capacity_ml if before is None or before.filled_ml is None else before.filled_ml
        programmed = filled - one.expected_ml
        if programmed >= LEAST_PROGRAMMED_ML:
            share = (filled - one.aspirated_ml) / programmed / reported_share
            share = min(max(share, LEAST_SHARE), MOST_SHARE)
            found.append(_Shown(one.at, programmed, one.aspirated_ml - one.expected_ml, share))
    return found


def _each_once(refills: Sequence[Refill]) -> list[Refill]:
    """The refills, each once: one that a session drafted and a person logged too stands on record twice."""
    found: list[Refill] = []
    for one in refills:
        if found and one.at - found[-1].at <= ONE_REFILL and one.filled_ml == found[-1].filled_ml:
            found[-1] = one if one.aspirated_ml is not None else found[-1]
        else:
            found.append(one)
    return found


def _because(shown: Sequence[_Shown], zone: tzinfo) -> str:
    found = " and ".join(
        f"{abs(one.more_ml):.1f} mL {'more' if one.more_ml > 0 else 'less'} on {one.at.astimezone(zone):%Y-%m-%d}"
        for one in shown
    )
    share = fmean(one.share for one in shown)
    return (
        f"The volume drawn back at the last {'refill' if len(shown) == 1 else 'refills'} was not the expected one "
        f"({found}): {share:.2f} times what the pump shows was delivered, and the dates count with that."
    )
