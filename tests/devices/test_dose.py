"""Doses: units are read, never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from devices.dose import flow_for, mass_unit, outside_usual_range
from devices.interval import Unknown
from devices.report import Prescription


def prescribed(drug: str, concentration: str, unit: str, dose: str) -> Prescription:
    return Prescription(drug, Decimal(concentration), unit, Decimal(dose), None)


@pytest.mark.parametrize(
    ("unit", "mass"),
    [("mcg/mL", "mcg"), ("MG/ml", "mg"), (" mg / mL ", "mg"), ("ug/mL", "ug"), ("\u00b5g/mL", "\u00b5g")],
)
def test_a_unit_of_mass_in_a_millilitre_is_read(unit: str, mass: str) -> None:
    assert mass_unit(unit) == mass


@pytest.mark.parametrize("unit", ["", "mcg", "mcg/L", "g/mL", "IU/mL", "mL/mg", "mcg per mL", "m/mL"])
def test_any_other_unit_makes_every_answer_unknown(unit: str) -> None:
    assert isinstance(mass_unit(unit), Unknown)
    assert isinstance(flow_for(prescribed("baclofen", "2000", unit, "300")), Unknown)
    assert isinstance(outside_usual_range(prescribed("baclofen", "2000", unit, "300")), Unknown)


def test_the_flow_is_the_dose_by_the_concentration() -> None:
    assert flow_for(prescribed("baclofen", "2000", "mcg/mL", "300")) == Decimal("0.15")
    assert flow_for(prescribed("morphine", "25", "mg/mL", "4.8")) == Decimal("0.192")


def test_without_a_concentration_there_is_no_flow() -> None:
    assert isinstance(flow_for(prescribed("saline", "0", "mg/mL", "0")), Unknown)


@pytest.mark.parametrize(
    ("drug", "unit", "dose", "words"),
    [
        ("baclofen", "mcg/mL", "21.9", "21.9 mcg of baclofen a day is below the usual 22 mcg (an assumption)."),
        ("baclofen", "mcg/mL", "22", None),
        ("baclofen", "mcg/mL", "1400", None),
        ("baclofen", "mcg/mL", "1400.1", "1400.1 mcg of baclofen a day is above the usual 1400 mcg (an assumption)."),
        ("baclofen", "mg/mL", "300", "300 mg of baclofen a day is above the usual 1400 mcg (an assumption)."),
        ("Infumorph", "mg/mL", "20", None),
        ("Infumorph", "mcg/mL", "999", "999 mcg of morphine a day is below the usual 1 mg (source S43)."),
        ("ziconotide", "mcg/mL", "0.1", None),
        ("ziconotide", "mcg/mL", "19.3", "19.3 mcg of ziconotide a day is above the usual 19.2 mcg (source S27)."),
    ],
)
def test_a_dose_is_held_against_its_range_whatever_the_unit(drug: str, unit: str, dose: str, words: str | None) -> None:
    assert outside_usual_range(prescribed(drug, "1", unit, dose)) == words


@pytest.mark.parametrize("drug", ["mystery", "saline", "morphine + baclofen"])
def test_what_has_no_known_range_is_unknown(drug: str) -> None:
    assert isinstance(outside_usual_range(prescribed(drug, "1", "mg/mL", "5")), Unknown)
