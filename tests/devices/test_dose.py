"""Doses: held against the usual range and the last dose; units are read, never guessed."""

from __future__ import annotations

from decimal import Decimal

import pytest

from devices.dose import changed_severalfold, outside_usual_range, rises_too_fast, unusual_concentration
from devices.interval import Unknown
from devices.prescription import PrescribedDrug
from devices.units import is_volume, mass_in_mcg, mass_of


def prescribed(drug: str, concentration: str, unit: str, dose: str) -> PrescribedDrug:
    return PrescribedDrug(drug, Decimal(concentration), unit, Decimal(dose))


def dose(amount: str, unit: str = "mcg/mL", drug: str = "baclofen") -> PrescribedDrug:
    return prescribed(drug, "2000", unit, amount)


@pytest.mark.parametrize(
    ("unit", "mass"),
    [
        ("mcg/mL", "mcg"),
        ("MG/ml", "MG"),
        (" mg / mL ", "mg"),
        ("ug/mL", "ug"),
        ("\u00b5g/mL", "\u00b5g"),
        ("mg/cc", "mg"),
    ],
)
def test_a_unit_of_mass_in_a_milliliter_is_read(unit: str, mass: str) -> None:
    assert mass_of(unit) == mass


@pytest.mark.parametrize(("unit", "micrograms"), [("mcg", 1), ("\u03bcg", 1), ("Mg", 1000), ("micrograms", 1)])
def test_a_unit_of_mass_is_read_in_micrograms(unit: str, micrograms: int) -> None:
    assert mass_in_mcg(unit) == micrograms
    assert not is_volume(unit)


@pytest.mark.parametrize("unit", ["", "mcg", "mcg/L", "g/mL", "IU/mL", "mL/mg", "mcg per mL", "m/mL"])
def test_any_other_unit_makes_every_answer_unknown(unit: str) -> None:
    assert mass_of(unit) is None
    assert isinstance(outside_usual_range(dose("300", unit)), Unknown)
    assert changed_severalfold(dose("300", unit), dose("3000", unit)) is None


@pytest.mark.parametrize(
    ("drug", "unit", "daily", "words"),
    [
        ("baclofen", "mcg/mL", "89.9", "89.9 mcg of baclofen a day is below the usual 90 mcg (source F16)."),
        ("baclofen", "mcg/mL", "90", None),
        ("baclofen", "mcg/mL", "703", None),
        ("baclofen", "mcg/mL", "703.1", "703.1 mcg of baclofen a day is above the usual 703 mcg (source F16)."),
        ("baclofen", "mg/mL", "300", "300 mg of baclofen a day is above the usual 703 mcg (source F16)."),
        ("Infumorph", "mg/mL", "20", None),
        ("Infumorph", "mcg/mL", "999", "999 mcg of morphine a day is below the usual 1 mg (source S43)."),
        ("ziconotide", "mcg/mL", "0.1", None),
        ("ziconotide", "mcg/mL", "19.3", "19.3 mcg of ziconotide a day is above the usual 19.2 mcg (source F17)."),
        ("fentanyl", "mg/mL", "1.1", "1.1 mg of fentanyl a day is above the usual 1 mg (an assumption)."),
        ("saline", "mg/mL", "5", None),
    ],
)
def test_a_dose_is_held_against_its_range_whatever_the_unit(
    drug: str, unit: str, daily: str, words: str | None
) -> None:
    assert outside_usual_range(prescribed(drug, "1", unit, daily)) == words


@pytest.mark.parametrize("drug", ["mystery", "morphine + baclofen"])
def test_what_has_no_known_range_is_unknown(drug: str) -> None:
    assert isinstance(outside_usual_range(prescribed(drug, "1", "mg/mL", "5")), Unknown)


@pytest.mark.parametrize(
    ("before", "after", "words"),
    [
        (dose("300"), dose("600"), None),
        (dose("300"), dose("150"), None),
        (dose("300"), dose("1200"), "1200 mcg a day of baclofen after 300 mcg: 4 times the last dose."),
        (dose("300"), dose("100"), "100 mcg a day of baclofen after 300 mcg: the last dose was 3 times as much."),
        (dose("300"), dose("0.3", "mg/mL"), None),
        (
            dose("300"),
            dose("300", "mg/mL"),
            "300 mg a day of baclofen after 300 mcg: 1000 times as much. Was mg taken for mcg?",
        ),
        (
            dose("0.3", "mg/mL"),
            dose("0.3"),
            "0.3 mcg a day of baclofen after 0.3 mg: 1000 times as little. Was mg taken for mcg?",
        ),
        (dose("0"), dose("300"), None),
        (dose("300"), dose("0"), None),
    ],
)
def test_a_dose_several_times_the_last_is_told(
    before: PrescribedDrug, after: PrescribedDrug, words: str | None
) -> None:
    assert changed_severalfold(before, after) == words


def test_ziconotide_rises_by_one_step_at_a_time() -> None:
    first = prescribed("Prialt", "25", "mcg/mL", "2.4")
    assert rises_too_fast(first, prescribed("ziconotide", "25", "mcg/mL", "4.8")) is None
    assert rises_too_fast(first, prescribed("ziconotide", "25", "mcg/mL", "4.9")) == (
        "Ziconotide is raised by 2.5 mcg a day; one step adds at most 2.4 mcg (source F17)."
    )
    assert rises_too_fast(dose("300"), dose("500")) is None


@pytest.mark.parametrize(
    ("given", "asked"),
    [
        (prescribed("baclofen", "2000", "mcg/mL", "300"), False),
        (prescribed("baclofen", "2", "mg/mL", "0.3"), False),
        (prescribed("baclofen", "2000", "mg/mL", "300"), True),
        (prescribed("Lioresal", "0.5", "mcg/mL", "300"), True),
        (prescribed("morphine", "25", "mcg/mL", "5"), True),
        (prescribed("baclofen", "1750", "mcg/mL", "300"), False),
        (prescribed("clonidine", "2000", "mg/mL", "300"), False),
    ],
)
def test_a_concentration_a_thousandfold_from_a_supplied_one_is_asked_about(given: PrescribedDrug, asked: bool) -> None:
    assert (unusual_concentration(given) is not None) is asked
