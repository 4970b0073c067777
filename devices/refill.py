"""Around a refill: by when it is due, what should be left in the reservoir, and what a difference means."""

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from enum import StrEnum
from typing import Final

from devices.interval import Unknown
from devices.model import PumpModel
from devices.reservoir import ReservoirForecast
from devices.stability import Stability

LEAST_DISCREPANCY_ML: Final = 2.0
"""Up to this, what is drawn back may differ from what is expected, however little was programmed. Assumed."""

SHARE_OF_PROGRAMMED: Final = 0.20
"""So much of the volume programmed since the last fill may be missing or left over. Assumed."""

READABLE_ML: Final = 0.2
"""A difference up to this cannot be read off a syringe, whatever share it is. Assumption."""


class LimitKind(StrEnum):
    """What a refill date follows from."""

    VOLUME = "volume"
    STABILITY = "stability"
    CLINIC_CAP = "clinic_cap"


@dataclass(frozen=True, slots=True)
class RefillLimit:
    """One date by which to refill, and why."""

    kind: LimitKind
    at: datetime
    because: str


@dataclass(frozen=True, slots=True)
class RefillBy:
    """When the pump is to be refilled at the latest: the earliest of its limits, and why.

    `limits` holds all that are known, earliest first; `unknown` the reasons of those that are not, which could only
    make the date earlier. `beside`: what else is to be said with the date, such as a volume that does not count.
    """

    at: datetime
    kind: LimitKind
    because: str
    limits: tuple[RefillLimit, ...]
    unknown: tuple[str, ...]
    beside: tuple[str, ...] = ()

    def words(self, zone: tzinfo) -> str:
        """The reason in full: the limit that counts, a later one that the clinic set, and all that is not known."""
        later = [
            f"The clinic's own limit comes later, on {limit.at.astimezone(zone):%Y-%m-%d}."
            for limit in self.limits
            if limit.kind is LimitKind.CLINIC_CAP and limit.at > self.at
        ]
        return " ".join([f"{self.because[:1].upper()}{self.because[1:]}.", *later, *self.beside, *self.unknown])


def unknown_limits(
    forecast: ReservoirForecast | Unknown, filled_at: datetime | None, keeps: Stability | Unknown
) -> tuple[str, ...]:
    """Return why a limit is not counted, a sentence each: volume, drug, date of the last fill."""
    return (
        *([forecast.reason] if isinstance(forecast, Unknown) else []),
        *([keeps.reason] if isinstance(keeps, Unknown) else keeps.beside),
        *(["The date of the last fill is not known."] if filled_at is None else []),
    )


def refill_by(
    forecast: ReservoirForecast | Unknown,
    filled_at: datetime | None,
    keeps: Stability | Unknown,
    cap_days: int | None,
) -> RefillBy | Unknown:
    """Return the earliest of three dates: the low mark, the end of the drug's stability, the clinic's cap.

    The volume counts by the early end of the forecast to the low mark. `cap_days` is the longest interval the clinic
    allows, None for no cap. Unknown when not one of the three is known.
    """
    limits: list[RefillLimit] = []
    unknown = unknown_limits(forecast, filled_at, keeps)
    if isinstance(forecast, ReservoirForecast):
        because = f"the reservoir reaches its low-reservoir alarm of {forecast.low_mark_ml:g} mL as early as then"
        limits.append(RefillLimit(LimitKind.VOLUME, forecast.low.low, because))
    if filled_at is not None:
        if isinstance(keeps, Stability):
            until = filled_at + timedelta(days=keeps.days)
            limits.append(RefillLimit(LimitKind.STABILITY, until, f"{keeps.because} (source {keeps.source})"))
        if cap_days is not None:
            until = filled_at + timedelta(days=cap_days)
            limits.append(
                RefillLimit(LimitKind.CLINIC_CAP, until, f"the clinic refills at least every {cap_days} days")
            )
    if not limits:
        return Unknown(" ".join(unknown), "Record the last refill with its drug, or wait for a report of the volume.")
    limits.sort(key=lambda limit: limit.at)
    first = limits[0]
    beside = forecast.beside if isinstance(forecast, ReservoirForecast) else ()
    return RefillBy(first.at, first.kind, first.because, tuple(limits), unknown, beside)


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """How the volume drawn back differs from the expected one: `difference_ml` is positive when more was found.

    `over` says that the difference is a finding, by `rule`; `means` explains the sign and what to exclude first.
    """

    difference_ml: float
    over: bool
    rule: str
    means: str


MORE_FOUND: Final = (
    "More was left than expected: the patient got less than programmed. Look for a stall, a blocked or kinked "
    "catheter, or a stop that nobody logged, and ask about the return of symptoms; then check the volume entered at "
    "the last fill."
)
LESS_FOUND: Final = (
    "Less was left than expected: more has left the reservoir than was programmed, or less was put in. Look for over-"
    "infusion, a leak and a fill beside the reservoir, and check the volume entered at the last fill, before anybody "
    "thinks of withdrawal by hand."
)
AS_FILLED: Final = "The reservoir holds what was filled."
NOT_AS_FILLED: Final = (
    "The reservoir does not hold what was filled: look at once for drug beside the reservoir, at the patient first."
)
AS_EXPECTED: Final = "The volume agrees with what was programmed."


def discrepancy_limit_ml(programmed_ml: float) -> float:
    """How far the volume drawn back may differ from the expected one, in mL, before it is a finding."""
    return max(LEAST_DISCREPANCY_ML, SHARE_OF_PROGRAMMED * programmed_ml)


def discrepancy(model: PumpModel, expected_ml: float, aspirated_ml: float, programmed_ml: float | None) -> Discrepancy:
    """Judge the volume drawn back at a refill against the expected one.

    A finding is a difference over 2 mL and over 20 % of the volume programmed since the last fill: a pump that delivers
    within its accuracy makes none. Where what was programmed is not known, a full reservoir is taken, so that a gap in
    the record makes no finding. The limit of the check after filling is another one: `after_filling`.
    """
    difference = aspirated_ml - expected_ml
    most = max(model.capacity_ml - expected_ml, 0.0)
    limit = discrepancy_limit_ml(most if programmed_ml is None else programmed_ml)
    if not exceeds(abs(difference), limit):
        return Discrepancy(difference, over=False, rule=f"within {limit:.1f} mL", means=AS_EXPECTED)
    if programmed_ml is None:
        rule = f"over {limit:.1f} mL, where the fill before is not known"
    elif limit > LEAST_DISCREPANCY_ML:
        rule = f"over {SHARE_OF_PROGRAMMED:.0%} of the {programmed_ml:.1f} mL programmed since the last fill"
    else:
        rule = f"over {limit:g} mL"
    return Discrepancy(difference, over=True, rule=rule, means=MORE_FOUND if difference > 0 else LESS_FOUND)


def after_filling(model: PumpModel, filled_ml: float, found_ml: float) -> Discrepancy:
    """Judge the volume found right after a fill against the one filled.

    Over 1 mL in a 20 mL pump and 2 mL in a 40 mL one a patient may come to harm: drug beside the reservoir (source
    S30). It holds for a volume that is measured, not for a count that repeats what was entered.
    """
    difference, limit = found_ml - filled_ml, model.refill_discrepancy_ml
    if not exceeds(abs(difference), limit):
        return Discrepancy(difference, over=False, rule=f"within {limit:g} mL", means=AS_FILLED)
    rule = f"over {limit:g} mL, the limit of the check after filling a {model.capacity_ml:g} mL reservoir"
    return Discrepancy(difference, over=True, rule=rule, means=NOT_AS_FILLED)


def exceeds(volume_ml: float, limit_ml: float) -> bool:
    """Return whether a volume is over a limit by more than rounding of binary fractions."""
    return volume_ml > limit_ml + 1e-9
