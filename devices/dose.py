"""From a prescription to the flow that gives it, and whether the dose lies in the usual range.

Units are read, never guessed: mcg taken for mg kills. A unit that is not named here makes the answer unknown.
"""

from collections.abc import Mapping
from decimal import Decimal
from types import MappingProxyType
from typing import Final

from devices.drugs import find
from devices.interval import Unknown
from devices.report import Prescription

MCG_IN: Final[Mapping[str, Decimal]] = MappingProxyType(
    {"mcg": Decimal(1), "ug": Decimal(1), "\N{MICRO SIGN}g": Decimal(1), "mg": Decimal(1000)}
)
"""How many micrograms each unit of mass holds."""


def mass_unit(unit: str) -> str | Unknown:
    """Return the unit of mass in a unit of concentration, such as `mcg` in `mcg/mL`."""
    mass, slash, volume = unit.strip().partition("/")
    if slash and volume.strip().lower() == "ml" and mass.strip().lower() in MCG_IN:
        return mass.strip().lower()
    return Unknown(f"The unit {unit!r} is not a mass in a millilitre.", "Write it as mcg/mL or mg/mL.")


def flow_for(prescription: Prescription) -> Decimal | Unknown:
    """Return the flow that gives the prescribed dose, in mL a day, exactly as far as decimals go."""
    unit = mass_unit(prescription.unit)
    if isinstance(unit, Unknown):
        return unit
    if prescription.concentration <= 0:
        return Unknown("The concentration is not above zero.", "Correct the prescription.")
    return prescription.dose_per_day / prescription.concentration


def outside_usual_range(prescription: Prescription) -> str | Unknown | None:
    """Return a sentence when the daily dose lies outside the drug's usual range, None when it lies within.

    Unknown for a drug, a range or a unit that is not known. The sentence names the range's source, or that it is an
    assumption; a dose outside is the prescriber's choice and no error.
    """
    drug = find(prescription.drug)
    if drug is None or drug.daily_dose is None:
        return Unknown(f"No usual daily dose is known for {prescription.drug}.", "Check it against the label.")
    unit = mass_unit(prescription.unit)
    if isinstance(unit, Unknown):
        return unit
    usual = drug.daily_dose
    dose_mcg, range_unit = prescription.dose_per_day * MCG_IN[unit], MCG_IN[usual.unit]
    below = usual.least is not None and dose_mcg < usual.least * range_unit
    above = usual.most is not None and dose_mcg > usual.most * range_unit
    if not below and not above:
        return None
    limit = f"below the usual {usual.least}" if below else f"above the usual {usual.most}"
    origin = "an assumption" if usual.source is None else f"source {usual.source}"
    return f"{prescription.dose_per_day:f} {unit} of {drug.name} a day is {limit} {usual.unit} ({origin})."
