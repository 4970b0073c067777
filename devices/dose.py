"""Whether a daily dose lies in the drug's usual range, and how it moved from the one before.

Units are read, never guessed: mcg taken for mg kills. A unit or drug that is not known makes the answer unknown.
"""

from decimal import Decimal
from typing import Final

from devices.drugs import DailyDose, find
from devices.interval import Unknown
from devices.prescription import PrescribedDrug, amount, is_diluent
from devices.units import MCG_IN, concentration_in_mcg, mass_of

SEVERAL_TIMES: Final = Decimal(2)
"""A dose over so many times the last one, or under one part in so many, is asked about. Assumption."""


def outside_usual_range(prescribed: PrescribedDrug) -> str | Unknown | None:
    """Return a sentence when the daily dose lies outside the drug's usual range, None when it lies within.

    Unknown for a drug, a range or a unit that is not known. The sentence names the range's source, or that it is an
    assumption; a dose outside is the prescriber's choice and no error. What only dilutes, such as saline, has no range.
    """
    drug = find(prescribed.drug)
    if drug is None or (drug.daily_dose is None and not is_diluent(prescribed)):
        return Unknown(f"No usual daily dose is known for {prescribed.drug}.", "Check it against the label.")
    mass, dose = mass_of(prescribed.unit), prescribed.dose_in_mcg()
    if mass is None or dose is None:
        return Unknown(f"The unit {prescribed.unit!r} is not a mass in a milliliter.", "Write it as mcg/mL or mg/mL.")
    usual = drug.daily_dose
    limit = None if usual is None else _limit_passed(dose, usual)
    if usual is None or limit is None:
        return None
    return f"{amount(prescribed.dose_per_day)} {mass} of {drug.name} a day is {limit} ({_origin(usual)})."


def times_the_most(prescribed: PrescribedDrug) -> Decimal | None:
    """Return how many times the most that is usual the daily dose is; None where no such limit or the unit is known."""
    drug, dose = find(prescribed.drug), prescribed.dose_in_mcg()
    if drug is None or drug.daily_dose is None or drug.daily_dose.most is None or dose is None:
        return None
    return dose / (drug.daily_dose.most * MCG_IN[drug.daily_dose.unit])


def changed_severalfold(before: PrescribedDrug, after: PrescribedDrug) -> str | None:
    """Return a sentence when the daily dose of the same drug is several times the last one, or a small part of it.

    None when it is not, and where a unit is not known or one of the doses is zero (a pump that is stopped).
    """
    old, new = before.dose_in_mcg(), after.dose_in_mcg()
    if not old or not new:
        return None
    ratio = new / old
    if 1 / SEVERAL_TIMES <= ratio <= SEVERAL_TIMES:
        return None
    said = f"{_dose(after)} a day of {after.drug} after {_dose(before)}"
    if ratio in (Decimal(1000), 1 / Decimal(1000)):
        return f"{said}: 1000 times as {'much' if ratio > 1 else 'little'}. Was mg taken for mcg?"
    times = (
        f"{amount(ratio)} times the last dose" if ratio > 1 else f"the last dose was {amount(1 / ratio)} times as much"
    )
    return f"{said}: {times}."


def rises_too_fast(before: PrescribedDrug, after: PrescribedDrug) -> str | None:
    """Return a sentence when one step adds more than the drug's source allows (ziconotide), else None."""
    drug = find(after.drug)
    step = None if drug is None or drug.daily_dose is None else drug.daily_dose.most_rise
    old, new = before.dose_in_mcg(), after.dose_in_mcg()
    if drug is None or drug.daily_dose is None or step is None or old is None or new is None:
        return None
    if new - old <= step * MCG_IN[drug.daily_dose.unit]:
        return None
    return (
        f"{drug.name.capitalize()} is raised by {amount(new - old)} mcg a day; one step adds at most {amount(step)} "
        f"{drug.daily_dose.unit} ({_origin(drug.daily_dose)})."
    )


def unusual_concentration(prescribed: PrescribedDrug) -> str | None:
    """Return a sentence when the concentration is a supplied one by 1000 or through 1000, else None."""
    drug, given = find(prescribed.drug), prescribed.concentration_in_mcg()
    if drug is None or not given:
        return None
    for written in drug.concentrations:
        number, _, unit = written.partition(" ")
        usual = Decimal(number) * (concentration_in_mcg(unit) or Decimal(1))
        if given in (usual * 1000, usual / 1000):
            said = f"{amount(prescribed.concentration)} {prescribed.unit} of {drug.name}"
            return f"{said}: {written} is usual. Was mg taken for mcg?"
    return None


def _limit_passed(dose_mcg: Decimal, usual: DailyDose) -> str | None:
    unit = MCG_IN[usual.unit]
    if usual.least is not None and dose_mcg < usual.least * unit:
        return f"below the usual {amount(usual.least)} {usual.unit}"
    if usual.most is not None and dose_mcg > usual.most * unit:
        return f"above the usual {amount(usual.most)} {usual.unit}"
    return None


def _dose(prescribed: PrescribedDrug) -> str:
    return f"{amount(prescribed.dose_per_day)} {mass_of(prescribed.unit)}"


def _origin(usual: DailyDose) -> str:
    return "an assumption" if usual.source is None else f"source {usual.source}"
