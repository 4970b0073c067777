"""Prescriptions: compared as quantities of drugs, turned into a flow, never guessed."""

from __future__ import annotations

from decimal import Decimal
from itertools import permutations

import pytest

from devices.drugs import DRUGS
from devices.infusion import Infusion
from devices.interval import Unknown
from devices.prescription import (
    Boluses,
    PrescribedDrug,
    Prescription,
    amount,
    boluses_ml_per_day,
    differences,
    flow_for,
    most_flow_with_boluses,
    same_prescription,
)


def drug(
    name: str = "baclofen", concentration: str = "2000", unit: str = "mcg/mL", dose: str = "300"
) -> PrescribedDrug:
    return PrescribedDrug(name, Decimal(concentration), unit, Decimal(dose))


def one(name: str = "baclofen", concentration: str = "2000", unit: str = "mcg/mL", dose: str = "300") -> Prescription:
    return Prescription((drug(name, concentration, unit, dose),))


MCG_SPELLINGS = ("mcg/mL", "mcg/ml", "MCG/ML", "ug/mL", "\u00b5g/mL", "\u03bcg/mL", " \u00b5g / mL ", "micrograms/mL")


@pytest.mark.parametrize("unit", MCG_SPELLINGS)
@pytest.mark.parametrize(
    "name", ["baclofen", "Baclofen", "LIORESAL", "Gablofen", "baclofen intrathecal", "Lioresal (baclofen)"]
)
def test_a_spelling_of_drug_or_unit_is_no_difference(name: str, unit: str) -> None:
    assert same_prescription(one(), one(name, unit=unit))
    assert same_prescription(one(name, unit=unit), one())


@pytest.mark.parametrize("found", DRUGS, ids=lambda found: found.name)
def test_every_name_of_every_drug_is_that_drug_in_capitals_and_as_a_salt(found: object) -> None:
    assert isinstance(found, type(DRUGS[0]))
    for name in (found.name, *found.other_names):
        for written in (name, name.upper(), name.title(), f"{name} PF", f"{name} 25 mg/mL"):
            assert same_prescription(one(found.name), one(written)), written


@pytest.mark.parametrize(
    ("salt", "plain"),
    [
        ("morphine sulfate", "morphine"),
        ("morphine sulphate", "morphine"),
        ("hydromorphone HCl", "hydromorphone"),
        ("hydromorphone hydrochloride", "hydromorphone"),
        ("clonidine hydrochloride", "clonidine"),
        ("bupivacaine HCl", "bupivacaine"),
        ("fentanyl citrate", "fentanyl"),
        ("ziconotide acetate", "ziconotide"),
    ],
)
def test_a_salt_is_its_drug(salt: str, plain: str) -> None:
    assert same_prescription(one(salt), one(plain))


@pytest.mark.parametrize("written", ["0.50", "0.5", "00.500"])
def test_a_written_zero_is_no_difference(written: str) -> None:
    assert same_prescription(one(dose="0.5"), one(dose=written))


def test_the_same_quantity_in_another_unit_is_the_same() -> None:
    assert same_prescription(one("baclofen", "2", "mg/mL", "0.3"), one("baclofen", "2000", "mcg/mL", "300"))


def test_mg_for_mcg_is_a_difference_and_told_as_a_thousandfold() -> None:
    told = differences(one(unit="mcg/mL"), one(unit="mg/mL"))
    assert len(told) == 2
    assert all("1000 times" in sentence for sentence in told)


@pytest.mark.parametrize(
    ("left", "right"),
    [
        (one(), one(dose="330")),
        (one(), one(concentration="500")),
        (one(), one("morphine")),
        (one(), None),
        (one("hydromorphone"), one("morphine")),
        (one("clonidine"), one("morphine + clonidine")),
    ],
)
def test_another_amount_or_drug_is_a_difference(left: Prescription | None, right: Prescription | None) -> None:
    assert not same_prescription(left, right)
    assert not same_prescription(right, left)


def test_a_name_that_is_not_known_is_no_known_drug_and_equals_itself_alone() -> None:
    assert not same_prescription(one("bacloven"), one("baclofen"))
    assert not same_prescription(one("bacloven"), one("baclovin"))
    assert same_prescription(one("Bacloven"), one("bacloven"))


def test_a_unit_that_is_not_known_equals_no_known_one() -> None:
    assert not same_prescription(one(unit="mcg"), one(unit="mcg/mL"))
    assert not same_prescription(one(unit="IU/mL"), one(unit="U/mL"))
    assert same_prescription(one(unit="IU/mL"), one(unit="iu/mL"))


MIXTURE = (
    drug("morphine", "25", "mg/mL", "5"),
    drug("bupivacaine", "10", "mg/mL", "2"),
    drug("clonidine", "100", "mcg/mL", "20"),
)


def test_the_order_of_a_mixture_does_not_matter() -> None:
    for order in permutations(MIXTURE):
        assert same_prescription(Prescription(MIXTURE), Prescription(order))


def test_one_dose_of_a_mixture_that_changed_is_a_difference() -> None:
    changed = (*MIXTURE[:2], drug("clonidine", "100", "mcg/mL", "25"))
    assert differences(Prescription(MIXTURE), Prescription(changed)) == (
        "The daily dose of clonidine is 20 in mcg/mL and 25 in mcg/mL.",
    )


def test_a_text_that_names_the_mixture_is_compared_by_the_drug_whose_amounts_it_gives() -> None:
    text = one("Marcaine, morphine sulfate + clonidine", "10", "mg/mL", "2")
    assert same_prescription(text, Prescription(MIXTURE))
    assert same_prescription(Prescription(MIXTURE), text)
    assert not same_prescription(one("bupivacaine, morphine, clonidine", "10", "mg/mL", "3"), Prescription(MIXTURE))
    assert not same_prescription(one("bupivacaine, morphine", "10", "mg/mL", "2"), Prescription(MIXTURE))


def test_a_mode_or_boluses_that_one_does_not_tell_are_no_difference() -> None:
    simple, flex = (Prescription(one().drugs, mode) for mode in (Infusion.SIMPLE_CONTINUOUS, Infusion.FLEX))
    assert same_prescription(one(), simple)
    assert not same_prescription(simple, flex)
    boluses = Prescription(one().drugs, None, Boluses(Decimal(10), "mcg", 4))
    assert same_prescription(one(), boluses)
    assert same_prescription(boluses, Prescription(one().drugs, None, Boluses(Decimal("0.010"), "mg", 4, 120)))
    assert not same_prescription(boluses, Prescription(one().drugs, None, Boluses(Decimal(10), "mcg", 6)))
    assert not same_prescription(boluses, Prescription(one().drugs, None, Boluses(Decimal(10), "mcg", 0)))


@pytest.mark.parametrize(
    ("prescription", "flow"),
    [
        (one(), "0.15"),
        (one("morphine", "25", "mg/mL", "4.8"), "0.192"),
        (one(dose="0"), "0"),
        (Prescription(MIXTURE), "0.2"),
        (Prescription((*MIXTURE, drug("saline", "9", "mg/mL", "0"))), "0.2"),
    ],
)
def test_the_flow_is_the_dose_by_the_concentration(prescription: Prescription, flow: str) -> None:
    assert flow_for(prescription) == Decimal(flow)


def test_doses_of_a_mixture_may_be_rounded() -> None:
    rounded = Prescription((drug("morphine", "25", "mg/mL", "5.21"), drug("clonidine", "100", "mcg/mL", "21")))
    assert flow_for(rounded) == Decimal("0.2084")


def test_drugs_of_a_mixture_that_ask_for_different_flows_make_no_flow_and_say_which() -> None:
    told = flow_for(Prescription((drug("morphine", "25", "mg/mL", "5"), drug("clonidine", "100", "mcg/mL", "40"))))
    assert isinstance(told, Unknown)
    assert "morphine 0.2 mL/day; clonidine 0.4 mL/day" in told.reason


@pytest.mark.parametrize("wrong", [one(unit="mcg"), one(unit="IU/mL"), one(concentration="0")])
def test_without_unit_or_concentration_there_is_no_flow(wrong: Prescription) -> None:
    assert isinstance(flow_for(wrong), Unknown)
    assert isinstance(most_flow_with_boluses(wrong), Unknown)


@pytest.mark.parametrize(
    ("boluses", "volume"),
    [
        (Boluses(Decimal(10), "mcg", 4), "0.02"),
        (Boluses(Decimal("0.01"), "mg", 4), "0.02"),
        (Boluses(Decimal("0.005"), "mL", 4), "0.02"),
        (Boluses(Decimal(10), "mcg", 0), "0"),
        (None, "0"),
    ],
)
def test_allotted_boluses_count_as_if_all_were_taken(boluses: Boluses | None, volume: str) -> None:
    prescription = Prescription(one().drugs, None, boluses)
    assert boluses_ml_per_day(prescription) == Decimal(volume)
    assert most_flow_with_boluses(prescription) == Decimal("0.15") + Decimal(volume)


def test_boluses_in_a_unit_that_is_not_known_make_the_most_flow_unknown() -> None:
    assert isinstance(
        most_flow_with_boluses(Prescription(one().drugs, None, Boluses(Decimal(1), "clicks", 4))), Unknown
    )


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1200.0"), "1200"),
        (0.6, "0.6"),
        (Decimal("0.1500"), "0.15"),
        (0.020833, "0.02083"),
        (12345.6, "12346"),
        (0, "0"),
    ],
)
def test_an_amount_reads_without_needless_digits(value: Decimal | float, text: str) -> None:
    assert amount(value) == text
