"""The prescription: what a pump is set to give, as one shape for the wire, the record, visits and every comparison.

Amounts are exact decimals with their unit beside them. Two prescriptions are compared as quantities of catalogue drugs,
so that a spelling is no change and mcg for mg is one. The JSON form is in `devices.prescription_json`.
"""

from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from msgspec import Struct

from devices.drugs import components, find
from devices.infusion import Infusion
from devices.interval import Unknown
from devices.units import concentration_in_mcg, is_volume, mass_in_mcg, mass_of

MOST_DRUGS: Final = 6
ROUNDING_SHARE: Final = Decimal("0.01")
"""Flows of one mixture that differ by no more than this share differ by rounding. Assumption."""

MOST_ROUNDING: Final = Decimal("0.1")
"""The share that the last written digit of a dose may account for at most. Assumption."""


class PrescribedDrug(Struct, frozen=True):
    """One drug of a prescription.

    `concentration` is in `unit` (such as `mcg/mL`); `dose_per_day` in the mass of that unit (`mcg` for `mcg/mL`).
    `drug` is as written, and may be a text that names a mixture.
    """

    drug: str
    concentration: Decimal
    unit: str
    dose_per_day: Decimal

    @property
    def names(self) -> frozenset[str]:
        """The catalogue names that the text stands for; a name that is not known as written, in lower case."""
        return frozenset(components(self.drug)) or frozenset({self.drug.casefold()})

    def dose_in_mcg(self) -> Decimal | None:
        """The daily dose in micrograms, None where the unit is not known."""
        factor = concentration_in_mcg(self.unit)
        return None if factor is None else self.dose_per_day * factor

    def concentration_in_mcg(self) -> Decimal | None:
        """The micrograms in a mL, None where the unit is not known."""
        factor = concentration_in_mcg(self.unit)
        return None if factor is None else self.concentration * factor


class Boluses(Struct, frozen=True):
    """The most that the patient may take: `dose` in `unit` (of the first drug) at most `per_day` times a day."""

    dose: Decimal
    unit: str
    per_day: int
    lockout_minutes: int | None = None


class Prescription(Struct, frozen=True):
    """One to six drugs in one solution, how they are given, and the boluses that the patient may take.

    `boluses` None: none are reported; `per_day` 0 says that there are none.
    """

    drugs: tuple[PrescribedDrug, ...]
    mode: Infusion | None = None
    boluses: Boluses | None = None

    @property
    def names(self) -> frozenset[str]:
        """The catalogue names of all drugs."""
        return frozenset(name for drug in self.drugs for name in drug.names)

    @property
    def text(self) -> str:
        """The drugs as one text, such as `morphine + bupivacaine`."""
        return " + ".join(drug.drug for drug in self.drugs)


def flow_for(prescription: Prescription) -> Decimal | Unknown:
    """Return the flow that gives the prescribed doses without boluses, in mL a day, exactly as far as decimals go.

    All drugs of a mixture leave the pump together, so each must ask for the same flow within the rounding of its dose;
    where they do not, or a unit or concentration is not usable, the answer is Unknown and says which.
    """
    flows: list[tuple[PrescribedDrug, Decimal]] = []
    for drug in _active(prescription.drugs):
        if mass_of(drug.unit) is None:
            return _unit_not_known(drug.unit)
        if drug.concentration <= 0:
            return Unknown(
                f"The concentration of {drug.drug} is not above zero.", "Correct the prescription's concentration."
            )
        flows.append((drug, drug.dose_per_day / drug.concentration))
    first, flow = flows[0]
    if len(flows) == 1:
        return flow
    low = max(each * (1 - _rounding(drug)) for drug, each in flows)
    high = min(each * (1 + _rounding(drug)) for drug, each in flows)
    if low > high:
        asked = "; ".join(f"{drug.drug} {amount(each)} mL/day" for drug, each in flows)
        return Unknown(
            f"The drugs of the mixture ask for different flows: {asked}.",
            f"Check doses and concentrations beside {first.drug}.",
        )
    return flow


def most_flow_with_boluses(prescription: Prescription) -> Decimal | Unknown:
    """Return the flow with every allotted patient bolus taken, in mL a day; Unknown as in `flow_for`."""
    flow = flow_for(prescription)
    volume = boluses_ml_per_day(prescription)
    if isinstance(flow, Unknown):
        return flow
    return volume if isinstance(volume, Unknown) else flow + volume


def boluses_ml_per_day(prescription: Prescription) -> Decimal | Unknown:
    """Return the volume of all allotted boluses of a day, in mL; 0 where none are reported.

    The bolus dose is counted as one of the first drug, as programmers show it (assumption).
    """
    boluses = prescription.boluses
    if boluses is None or boluses.per_day == 0:
        return Decimal(0)
    if is_volume(boluses.unit):
        return boluses.dose * boluses.per_day
    drug, mass = prescription.drugs[0], mass_in_mcg(boluses.unit)
    if mass is None:
        return Unknown(f"The unit {boluses.unit!r} of the boluses is not a mass.", "Write it as mcg or mg.")
    concentration = drug.concentration_in_mcg()
    if concentration is None:
        return _unit_not_known(drug.unit)
    if concentration <= 0:
        return Unknown(f"The concentration of {drug.drug} is not above zero.", "Correct the prescription.")
    return boluses.dose * mass * boluses.per_day / concentration


def same_prescription(one: Prescription | None, other: Prescription | None) -> bool:
    """Return whether both say the same drugs in the same quantities, however they are spelled.

    None is the same as None alone. A mode or boluses that one of them does not tell is no difference.
    """
    if one is None or other is None:
        return one is other
    return not differences(one, other)


def differences(one: Prescription, other: Prescription) -> tuple[str, ...]:
    """Return what differs between two prescriptions, a sentence each: from `one` to `other`.

    Spelling, brand, salt, the order of drugs and the unit of an equal quantity are no difference. A drug or unit that
    is not known equals only what is written alike; it never equals a known one. 1000 times as much is named as such.
    """
    if one.names != other.names:
        return (f"The drug is {one.text} in one and {other.text} in the other.",)
    said: list[str] = []
    for drug, like in _pairs(one.drugs, other.drugs):
        said += _quantities_differ(drug, like)
    if one.mode is not None and other.mode is not None and one.mode is not other.mode:
        said.append(f"The mode is {one.mode} in one and {other.mode} in the other.")
    if one.boluses is not None and other.boluses is not None and _bolus_key(one.boluses) != _bolus_key(other.boluses):
        said.append("The patient boluses differ.")
    return tuple(said)


def amount(value: Decimal | float) -> str:
    """Return an amount as a person reads it: at most four significant digits, no trailing zeros, no exponent."""
    exact = Decimal(value)
    rounded = Decimal(f"{exact:.4g}") if abs(exact) < 10_000 else exact.quantize(Decimal(1))
    text = f"{rounded:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _active(drugs: Sequence[PrescribedDrug]) -> Sequence[PrescribedDrug]:
    """The drugs that a flow follows from: what merely dilutes the others says nothing of it."""
    active = [drug for drug in drugs if not is_diluent(drug)]
    return active or drugs


def is_diluent(drug: PrescribedDrug) -> bool:
    """Return whether the drug only dilutes: saline has no dose."""
    known = find(drug.drug)
    return known is not None and known.daily_dose is None


def _rounding(drug: PrescribedDrug) -> Decimal:
    """The share of the dose that its last written digit stands for."""
    exponent = drug.dose_per_day.as_tuple().exponent
    if not drug.dose_per_day or not isinstance(exponent, int):
        return ROUNDING_SHARE
    half_digit = Decimal((0, (5,), min(exponent, 0) - 1)) / drug.dose_per_day
    return min(max(half_digit, ROUNDING_SHARE), MOST_ROUNDING)


def _unit_not_known(unit: str) -> Unknown:
    return Unknown(f"The unit {unit!r} is not a mass in a milliliter.", "Write it as mcg/mL or mg/mL.")


def _pairs(
    ones: Sequence[PrescribedDrug], others: Sequence[PrescribedDrug]
) -> list[tuple[PrescribedDrug, PrescribedDrug]]:
    """The same drugs of both. A text that names a mixture gives the amounts of one of its drugs."""
    by_name = {drug.names: drug for drug in others}
    if all(drug.names in by_name for drug in ones):
        return [(drug, by_name[drug.names]) for drug in ones]
    if len(others) == 1:
        return [(drug, others[0]) for drug in _alike(ones, others[0])]
    return [(ones[0], drug) for drug in _alike(others, ones[0])]


def _alike(drugs: Sequence[PrescribedDrug], mixture: PrescribedDrug) -> list[PrescribedDrug]:
    return [next((drug for drug in drugs if not _quantities_differ(drug, mixture)), drugs[0])]


def _quantities_differ(one: PrescribedDrug, other: PrescribedDrug) -> list[str]:
    mine, yours = concentration_in_mcg(one.unit), concentration_in_mcg(other.unit)
    if mine is None or yours is None:
        if one.unit.split() != other.unit.split() and one.unit.casefold() != other.unit.casefold():
            return [f"The unit of {one.drug} is {one.unit!r} in one and {other.unit!r} in the other."]
        mine = yours = Decimal(1)
    said = []
    for what, left, right in (
        ("concentration", one.concentration, other.concentration),
        ("daily dose", one.dose_per_day, other.dose_per_day),
    ):
        if left * mine != right * yours:
            wrong = (
                " It is 1000 times as much or as little: was mg taken for mcg?"
                if _thousandfold(left * mine, right * yours)
                else ""
            )
            said.append(f"The {what} of {one.drug} is {left:f} in {one.unit} and {right:f} in {other.unit}.{wrong}")
    return said


def _thousandfold(one: Decimal, other: Decimal) -> bool:
    return one == other * 1000 or other == one * 1000


def _bolus_key(boluses: Boluses) -> tuple[object, ...]:
    if boluses.per_day == 0:
        return (0,)
    mass = mass_in_mcg(boluses.unit)
    dose = (boluses.unit.casefold(), boluses.dose) if mass is None else ("mcg", boluses.dose * mass)
    return (dose, boluses.per_day)
