"""Drugs: found by name, judged by what their loss does, and how long each keeps in a pump."""

from __future__ import annotations

from typing import Any

import pytest

from devices.drugs import DRUGS, WithdrawalRisk, components, find, parts, unknown_components, withdrawal_risk
from devices.interval import Unknown
from devices.sources import SOURCES
from devices.stability import Stability, is_first_fill, stability, stability_to_count_on


@pytest.mark.parametrize(
    ("name", "drug"),
    [("baclofen", "baclofen"), (" Baclofen ", "baclofen"), ("GABLOFEN", "baclofen"), ("Prialt", "ziconotide")],
)
def test_a_drug_is_found_by_its_name_or_brand_in_any_letters(name: str, drug: str) -> None:
    found = find(name)
    assert found is not None
    assert found.name == drug


@pytest.mark.parametrize("name", ["", "baclo", "baclofen x", "morphine + baclofen"])
def test_what_is_not_one_listed_drug_is_not_found(name: str) -> None:
    assert find(name) is None


def test_no_name_stands_for_two_drugs() -> None:
    names = [name for drug in DRUGS for name in (drug.name, *drug.other_names)]
    assert len(names) == len(set(names))
    assert names == [name.lower() for name in names]


def test_every_source_of_a_drug_is_listed_and_every_range_is_in_order() -> None:
    for drug in DRUGS:
        assert drug.withdrawal_source is None or drug.withdrawal_source in SOURCES
        dose = drug.daily_dose
        if dose is not None:
            assert dose.source is None or dose.source in SOURCES
            assert dose.least is None or dose.most is None or dose.least < dose.most


@pytest.mark.parametrize(
    "text",
    [
        "morphine+bupivacaine",
        "Morphine / Bupivacaine",
        "morphine, bupivacaine",
        "morphine and bupivacaine",
        "morphine with  bupivacaine",
    ],
)
def test_a_mixture_is_taken_apart(text: str) -> None:
    assert parts(text) == ("morphine", "bupivacaine")


@pytest.mark.parametrize(
    ("name", "risk"),
    [
        ("baclofen", WithdrawalRisk.LIFE_THREATENING),
        ("clonidine", WithdrawalRisk.SEVERE),
        ("morphine", WithdrawalRisk.OPIOID),
        ("ziconotide", WithdrawalRisk.NONE),
        ("morphine + baclofen", WithdrawalRisk.LIFE_THREATENING),
        ("bupivacaine + morphine", WithdrawalRisk.OPIOID),
        ("baclofen + mystery", WithdrawalRisk.UNKNOWN),
        (None, WithdrawalRisk.UNKNOWN),
        ("", WithdrawalRisk.UNKNOWN),
    ],
)
def test_a_mixture_is_as_dangerous_to_lose_as_its_worst_part(name: str | None, risk: WithdrawalRisk) -> None:
    assert withdrawal_risk(name) is risk


@pytest.mark.parametrize(
    ("drug", "given", "days", "source"),
    [
        ("morphine", {}, 180, "S2c"),
        ("Lioresal", {}, 180, "S2c"),
        ("ziconotide", {"first_fill": True}, 14, "S27"),
        ("ziconotide", {"first_fill": True, "diluted": False}, 14, "S27"),
        ("ziconotide", {"first_fill": False, "diluted": True}, 40, "S27"),
        ("ziconotide", {"first_fill": False, "diluted": False}, 84, "S27"),
        ("morphine + bupivacaine + clonidine", {}, 90, "S32"),
        ("clonidine/morphine/bupivacaine", {}, 90, "S32"),
        ("morphine sulfate with clonidine", {}, 90, "F3"),
        ("hydromorphone", {}, 120, "F1"),
        ("baclofen + morphine", {}, 30, "S32b"),
    ],
)
def test_a_drug_keeps_as_long_as_its_source_says(drug: str, given: dict[str, bool], days: int, source: str) -> None:
    found = stability(drug, **given)
    assert isinstance(found, Stability)
    assert (found.days, found.source) == (days, source)
    assert found.source in SOURCES


@pytest.mark.parametrize(
    ("drug", "given", "words"),
    [
        (None, {}, "drug in the pump is not known"),
        ("fentanyl", {}, "No source gives how long fentanyl keeps in this pump"),
        ("mystery", {}, "No source"),
        ("morphine + mystery", {}, "No source"),
        ("sufentanil + clonidine", {}, "No source"),
        ("ziconotide", {}, "first fill"),
        ("ziconotide", {"first_fill": False}, "diluted"),
    ],
)
def test_what_no_source_gives_is_unknown_and_never_guessed(
    drug: str | None, given: dict[str, bool], words: str
) -> None:
    answer = stability(drug, **given)
    assert isinstance(answer, Unknown)
    assert words in str(answer)


@pytest.mark.parametrize(
    ("given", "days", "words"),
    [
        ({}, 14, "whether this is the first fill of ziconotide is not known"),
        ({"first_fill": False}, 40, "whether the ziconotide was diluted is not known"),
        ({"first_fill": True}, 14, "the first fill"),
        ({"first_fill": False, "diluted": False}, 84, "undiluted"),
    ],
)
def test_where_a_limit_hangs_on_what_is_not_known_the_shortest_counts_and_says_so(
    given: dict[str, Any], days: int, words: str
) -> None:
    counted = stability_to_count_on("ziconotide", **given)
    assert isinstance(counted, Stability)
    assert counted.days == days
    assert words in counted.because


def test_a_drug_without_a_source_stays_unknown_to_count_on() -> None:
    assert isinstance(stability_to_count_on("fentanyl"), Unknown)
    assert isinstance(stability_to_count_on(None), Unknown)


@pytest.mark.parametrize(
    ("held", "first"),
    [
        ((), None),
        ((None,), None),
        (("ziconotide",), False),
        ((None, "Ziconotide"), False),
        (("morphine",), True),
        (("morphine", "morphine + ziconotide"), False),
    ],
)
def test_a_first_fill_is_told_by_what_the_pump_held_before(held: tuple[str | None, ...], first: bool | None) -> None:
    assert is_first_fill("ziconotide", held) is first


def test_without_a_drug_nobody_knows_whether_a_fill_is_the_first() -> None:
    assert is_first_fill(None, ["morphine"]) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Prialt and baclofen", ("ziconotide", "baclofen")),
        ("hydromorphone/ziconotide", ("hydromorphone", "ziconotide")),
        ("morphine + clonidine", ("morphine", "clonidine")),
        ("bupivacaine, morphine", ("bupivacaine", "morphine")),
        ("Dilaudid w/ clonidine hydrochloride", ("hydromorphone", "clonidine")),
        ("morphine sulfate PF 25 mg/mL + bupivacaine HCl 0.75%", ("morphine", "bupivacaine")),
        ("Lioresal (baclofen)", ("baclofen",)),
        ("0.9% sodium chloride", ("saline",)),
        ("Gablofen\N{REGISTERED SIGN} 2,000 \N{MICRO SIGN}g/mL", ("baclofen",)),
        ("Mystery + Baclofen", ("mystery", "baclofen")),
        ("bacloven", ("bacloven",)),
        ("", ()),
    ],
)
def test_a_free_text_names_catalogue_drugs_and_keeps_what_is_not_known(text: str, named: tuple[str, ...]) -> None:
    assert components(text) == named
    assert unknown_components(text) == tuple(name for name in named if name in {"mystery", "bacloven"})
