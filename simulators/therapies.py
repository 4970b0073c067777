"""The therapies that simulated patients are on: drug, concentration, daily dose, and how long a fill is stable.

Drugs and days are those that `devices.drugs` and the makers' labels name; the mix of patients follows a registry of
7,459 pumps (about three in four for pain, one in five for spasticity).
"""

from decimal import ROUND_HALF_UP, Decimal
from typing import Final

from msgspec import Struct


class Therapy(Struct, frozen=True):
    """What a pump holds. `unit` is that of `concentration`; doses are in the mass of that unit.

    `keeps_days` is how long a fill is stable in the pump; `share` the weight among patients. For a mixture the figures
    are those of its first part.
    """

    drug: str
    concentration: Decimal
    unit: str
    least_dose: Decimal
    most_dose: Decimal
    dose_step: Decimal
    keeps_days: int
    share: int
    approved: bool

    def rounded(self, dose: Decimal) -> Decimal:
        """The dose in the step that this therapy is ordered in, within its range."""
        steps = (dose / self.dose_step).quantize(Decimal(1), ROUND_HALF_UP)
        return min(max(steps * self.dose_step, self.least_dose), self.most_dose)

    def flow_ml_per_day(self, dose_per_day: Decimal) -> float:
        """The flow that gives this dose."""
        return float(dose_per_day / self.concentration)


def _therapy(
    drug: str,
    concentration: str,
    unit: str,
    doses: tuple[str, str, str],
    keeps_days: int,
    share: int,
    *,
    approved: bool = True,
) -> Therapy:
    least, most, dose_step = (Decimal(dose) for dose in doses)
    return Therapy(drug, Decimal(concentration), unit, least, most, dose_step, keeps_days, share, approved)


BACLOFEN: Final = _therapy("baclofen", "2000", "mcg/mL", ("200", "900", "10"), 180, 13)
BACLOFEN_THIN: Final = _therapy("baclofen", "500", "mcg/mL", ("50", "240", "5"), 180, 8)
MORPHINE: Final = _therapy("morphine", "25", "mg/mL", ("3", "14", "0.1"), 180, 33)
HYDROMORPHONE: Final = _therapy("hydromorphone", "10", "mg/mL", ("1.5", "6", "0.1"), 120, 18, approved=False)
ZICONOTIDE: Final = _therapy("ziconotide", "25", "mcg/mL", ("2.4", "12", "0.1"), 40, 9)
BUPIVACAINE: Final = _therapy("bupivacaine", "20", "mg/mL", ("6", "12", "0.1"), 90, 5, approved=False)
MORPHINE_BUPIVACAINE: Final = _therapy(
    "morphine + bupivacaine", "20", "mg/mL", ("3", "10", "0.1"), 90, 14, approved=False
)
MORPHINE_PORT: Final = _therapy("morphine", "10", "mg/mL", ("0.3", "0.6", "0.1"), 60, 0)

THERAPIES: Final = (BACLOFEN, BACLOFEN_THIN, MORPHINE, HYDROMORPHONE, ZICONOTIDE, BUPIVACAINE, MORPHINE_BUPIVACAINE)
"""What a programmable pump may be filled with. A constant-flow pump takes the dose from the concentration instead."""


def for_constant_flow(flow_ml_per_day: float, dose_per_day: Decimal) -> Therapy:
    """Morphine mixed so that the pump's own flow gives this dose."""
    concentration = (dose_per_day / Decimal(str(flow_ml_per_day))).quantize(Decimal("0.1"))
    return Therapy(
        "morphine", concentration, "mg/mL", dose_per_day, dose_per_day, Decimal("0.1"), 180, 0, approved=True
    )
