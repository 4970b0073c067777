"""What the list of codes must be, and that the guideline's own list is the same."""

from __future__ import annotations

from tracker.coding import BY_NUMBER, CODES, ONE_A_DAY, Act, Device, Region
from tracker.guideline import find

UNLISTED = {"62327", "62369", "62370"}


def test_the_listed_codes_are_those_of_the_guideline() -> None:
    section = next(section for section in find("2.0.2019").document.sections if section.id == "CMM-210.6")
    assert {code.number for code in CODES if code.listed} == set(section.codes)
    assert {code.number for code in CODES if not code.listed} == UNLISTED


def test_every_code_is_there_once_with_words_and_a_source() -> None:
    assert len(BY_NUMBER) == len(CODES) == 21
    for code in CODES:
        assert len(code.number) == 5
        assert code.number.isdigit()
        assert code.words
        assert not code.words.endswith(".")
        assert len(code.words) < 140
        assert ("CMM-210.6" in code.source) is True
        assert ("not in CMM-210.6" in code.source) is not code.listed


def test_no_two_codes_stand_for_the_same_act() -> None:
    acts = [
        (
            code.act,
            code.device,
            code.refilled,
            code.reprogrammed,
            code.professional_skill,
            code.laminectomy,
            code.region,
            code.imaging,
        )
        for code in CODES
    ]
    assert len(set(acts)) == len(acts)


def test_trials_are_told_apart_by_region_and_imaging() -> None:
    for act in (Act.TRIAL_INJECTION, Act.TRIAL_INFUSION):
        assert {(code.region, code.imaging) for code in CODES if code.act is act} == {
            (region, imaging) for region in Region for imaging in (True, False)
        }


def test_each_device_has_a_code_for_its_implant() -> None:
    implants = [code.device for code in CODES if code.act is Act.IMPLANT_OR_REPLACE_DEVICE]
    assert sorted(map(str, implants)) == sorted(map(str, Device))


def test_one_a_day_are_the_analysis_and_refill_codes() -> None:
    assert {"62367", "62368", "62369", "62370", "95990", "95991"} == ONE_A_DAY
