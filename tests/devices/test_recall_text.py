"""Recalls' code information as it is published, and what of it can't be read."""

from __future__ import annotations

import pytest

from devices.model_numbers import NAMES, NUMBERS, models_named
from devices.models.catalogue import CATALOGUE
from devices.recall_text import read_code_info

KNOWN = tuple(CATALOGUE)
II = ("synchromed-ii-20", "synchromed-ii-40")
Z_3043 = (  # FDA recall Z-3043-2011, the beginning of its code information
    "serial numbers: NGP000370R thru NGP002152R, NGP000565N thru NGP034132N, NGP005103H thru NGP350081H, NGP350083H, "
    "NGP350086H thru NGP350092H\n\nNGP350094H thru NGP350414H, NGP350416H"
)


def covered(text: str, serial: str) -> bool:
    return any(one.covers(serial) for _, one in read_code_info(text, KNOWN).ranges)


@pytest.mark.parametrize(
    ("serial", "expected"),
    [
        ("NGP001000R", True), ("NGP001000H", False), ("NGP350081H", True), ("NGP350082H", False),
        ("NGP350083H", True), ("NGP350084H", False), ("NGP350090H", True), ("NGP040000N", False),
        ("NGP034132N", True), ("NGP000400N", False), ("NGP350093H", False), ("NGP350415H", False),
        ("NGP350416H", True), ("NGP350081R", False),
    ],
)  # fmt: skip
def test_a_published_list_of_ranges_single_serials_and_gaps_is_read_as_it_stands(serial: str, expected: bool) -> None:
    assert covered(Z_3043, serial) is expected
    assert read_code_info(Z_3043, KNOWN).unread == []


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("This Medical Device Correction notification affects all SynchroMed II pumps.", II),  # Z-1570-2014
        ("All serial numbers of Models 8637-20 and 8637-40", II),
        ("8637-20, 8637-40 all serials", II),
        ("All serial numbers", ()),
        ("All units", ()),
        ("all SynchroMed II pumps and SynchroMed EL pumps", (*II, "synchromed-el-18")),
    ],
)
def test_all_pumps_of_a_model_is_read_with_its_models(text: str, models: tuple[str, ...]) -> None:
    said = read_code_info(text, KNOWN)
    assert said.unread == []
    assert {model for one in said.whole for model in one} == set(models)
    assert said.whole
    assert said.ranges == []


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("All SynchroMed II pumps manufactured before June 2011", "before June 2011"),
        ("All units except NGP000001H", "except"),
        ("NGP000370R thru NGP002152H", "different letters, 'R' and 'H'"),
        ("NGP351231H thru NGP351258", "different letters, 'H' and ''"),
        ("NGP350092H thru NGP350086H", "higher than the last"),
        ("NGP100000H thru NGP100100H, plus others not listed", "plus others not listed"),
        ("Lot numbers 123456, 223344", "a lot, not a serial number"),
        ("distributed between May 2004 and July 8, 2011", "May 2004"),
        ("all pumps with serial numbers below NGP100", "below"),
        ("NGP 000370 R thru NGP 002152 R", "NGP 000370 R"),
        ("", "no serial number is given"),
        ("see the attached list", "attached"),
    ],
)
def test_what_can_not_be_read_comes_back_word_for_word(text: str, words: str) -> None:
    said = read_code_info(text, KNOWN)
    assert said.whole == []
    assert any(words in one for one in said.unread), said.unread


def test_a_label_holds_for_the_serials_behind_it() -> None:
    said = read_code_info("Model 8637-20: NGP1H - NGP9H; Model 8637-40: NGR1 to NGR2000, and NGV123456H", KNOWN)
    assert [(models, one.text) for models, one in said.ranges] == [
        (("synchromed-ii-20",), "NGP1H to NGP9H"),
        (("synchromed-ii-40",), "NGR1 to NGR2000"),
        (("synchromed-ii-40",), "NGV123456H"),
    ]
    both = read_code_info("Models 8637-20 and 8637-40: NGP5H thru NGP1200H", KNOWN)
    assert [models for models, _ in both.ranges] == [II]


def test_every_programmable_model_can_be_named_in_a_notice() -> None:
    named = {model for models in NUMBERS.values() for model in models} | {m for _, models in NAMES for m in models}
    named |= {model for family in ("SynchroMed", "Prometra", "Archimedes") for model in models_named(family, KNOWN)}
    assert named >= {model.id for model in CATALOGUE.values() if model.battery is not None}
    assert named <= set(KNOWN)


@pytest.mark.parametrize(
    ("text", "models"),
    [
        ("Medtronic SynchroMed II, Model 8637, supplied in 20 ml or 40 ml reservoir size", II),
        ("SynchroMed II Implantable Drug Infusion Pump, Model 8637-20, 8637-40.", II),
        ("SynchroMed II pump, 40 ml", ("synchromed-ii-40",)),
        ("SynchroMed III Model 8667-20", ("synchromed-iii-20",)),
        ("Codman MedStream Programmable Infusion Pump, 91-4200", ("medstream-20",)),
        ("A catheter", ()),
    ],
)
def test_a_product_description_names_models_by_number_or_by_name(text: str, models: tuple[str, ...]) -> None:
    assert models_named(text, KNOWN) == models
