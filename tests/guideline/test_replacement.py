"""Replacement: each limb and criterion, by both readings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.guideline.asking import LOST, VERSION, ask, because, refused, verdicts
from tracker.errors import Invalid
from tracker.guideline import Outcome, Verdict, determine_replacement

YES, NO, OPEN = "medically_necessary", "not_medically_necessary", "needs_information"
NOTHING = {
    "battery_nearing_end": False,
    "no_longer_beneficial": False,
    "repairable": True,
    "components_functional": True,
    "impending_failure_notice": False,
    "abuse_or_neglect": False,
}


@pytest.mark.parametrize(
    ("change", "alternatives", "joint"),
    [
        ({}, NO, NO),
        ({"battery_nearing_end": True}, YES, NO),
        ({"battery_nearing_end": True, "components_functional": None}, YES, NO),
        ({"battery_nearing_end": True, "no_longer_beneficial": True, "repairable": False}, YES, YES),
        ({"battery_nearing_end": True, "no_longer_beneficial": True, "repairable": None}, YES, OPEN),
        ({"battery_nearing_end": True, "no_longer_beneficial": None, "repairable": False}, YES, OPEN),
        ({"battery_nearing_end": True, "no_longer_beneficial": True, "repairable": True}, YES, NO),
        ({"impending_failure_notice": True}, YES, YES),
        ({"impending_failure_notice": True, "components_functional": True}, YES, YES),
        (LOST, YES, NO),
        ({**LOST, "components_functional": True}, NO, NO),
        ({**LOST, "components_functional": None}, OPEN, NO),
        ({**LOST, "repairable": True}, NO, NO),
        ({**LOST, "repairable": None}, OPEN, NO),
        ({**LOST, "no_longer_beneficial": False}, NO, NO),
        ({**LOST, "no_longer_beneficial": None}, OPEN, NO),
        ({"battery_nearing_end": None}, OPEN, NO),
        ({"impending_failure_notice": None}, OPEN, OPEN),
        ({"impending_failure_notice": True, "abuse_or_neglect": True}, NO, NO),
        ({"impending_failure_notice": True, "abuse_or_neglect": None}, OPEN, OPEN),
        ({"battery_nearing_end": True, "abuse_or_neglect": None}, OPEN, NO),
        ({"abuse_or_neglect": None}, NO, NO),
    ],
)
def test_each_limb_decides_by_both_readings(change: dict[str, Any], alternatives: str, joint: str) -> None:
    answer = ask("replacement", **{**NOTHING, **change})
    assert answer["readings"] == {"alternatives": alternatives, "joint": joint}
    assert answer["outcome"] == alternatives


@pytest.mark.parametrize(
    ("facts", "missing"),
    [
        (
            {},
            {
                "battery_nearing_end",
                "no_longer_beneficial",
                "repairable",
                "components_functional",
                "impending_failure_notice",
                "abuse_or_neglect",
            },
        ),
        ({"abuse_or_neglect": True}, set()),
        ({"battery_nearing_end": True}, {"abuse_or_neglect"}),
        ({"impending_failure_notice": True}, {"abuse_or_neglect"}),
        (LOST, {"abuse_or_neglect"}),
        ({**NOTHING, "battery_nearing_end": None}, {"battery_nearing_end"}),
        (
            {"components_functional": True},
            {"battery_nearing_end", "impending_failure_notice", "abuse_or_neglect"},
        ),
        (
            {"device_has_battery": False},
            {
                "no_longer_beneficial",
                "repairable",
                "components_functional",
                "impending_failure_notice",
                "abuse_or_neglect",
            },
        ),
    ],
)
def test_missing_names_the_facts_that_could_still_decide(facts: dict[str, Any], missing: set[str]) -> None:
    assert set(ask("replacement", **facts)["missing"]) == missing


def test_a_device_without_a_battery_cannot_near_its_end() -> None:
    answer = ask("replacement", device_has_battery=False)
    assert verdicts(answer)["5.1a"] == "not_met"
    assert "no battery" in because(answer, "5.1a")


def test_a_built_in_notice_needs_no_battery() -> None:
    answer = ask("replacement", device_has_battery=False, impending_failure_notice=True, abuse_or_neglect=False)
    assert answer["readings"] == {"alternatives": YES, "joint": YES}


@pytest.mark.parametrize("has", [True, None])
def test_a_device_that_may_have_a_battery_leaves_the_question_open(has: bool | None) -> None:
    answer = ask("replacement", device_has_battery=has)
    assert verdicts(answer)["5.1a"] == "unknown"
    assert "device_has_battery" not in answer["missing"]


@pytest.mark.parametrize("purpose", [None, "therapy", "surgical_anesthesia"])
def test_a_battery_near_its_end_in_a_device_without_one_is_contradictory(purpose: str | None) -> None:
    error = refused("replacement", {"device_has_battery": False, "battery_nearing_end": True, "purpose": purpose})
    assert "battery_nearing_end" in error
    assert "device_has_battery" in error


@pytest.mark.parametrize("nearing", [False, None])
def test_no_battery_and_none_near_its_end_agree(nearing: bool | None) -> None:
    answer = ask("replacement", device_has_battery=False, battery_nearing_end=nearing, abuse_or_neglect=False)
    assert answer["outcome"] == OPEN


def test_all_criteria_of_the_section_are_listed_and_stay_in_order() -> None:
    answer = ask("replacement")
    assert list(verdicts(answer)) == ["5.1a", "5.1b.1", "5.1b.2", "5.1b.3", "5.1b", "5.1c", "5.1", "5.2"]
    assert {entry["section"] for entry in answer["criteria"]} == {"CMM-210.5"}
    assert set(verdicts(answer).values()) == {"unknown"}


def test_abuse_defeats_a_battery_near_its_end() -> None:
    answer = ask("replacement", battery_nearing_end=True, abuse_or_neglect=True)
    assert answer["outcome"] == NO
    assert verdicts(answer)["5.1"] == "met"
    assert verdicts(answer)["5.2"] == "not_met"


def test_the_scheduler_gets_the_same_answer_with_types() -> None:
    assessment = determine_replacement({"impending_failure_notice": True, "abuse_or_neglect": False}, VERSION)
    assert assessment.outcome is Outcome.MEDICALLY_NECESSARY
    assert assessment.readings == {"alternatives": assessment.outcome, "joint": assessment.outcome}
    assert {entry.id: entry.verdict for entry in assessment.criteria}["5.1c"] is Verdict.MET
    assert next(entry.facts for entry in assessment.criteria if entry.id == "5.1a") == (
        "battery_nearing_end",
        "device_has_battery",
    )
    line = ask("replacement", impending_failure_notice=True, abuse_or_neglect=False)
    assert {"id": "x", **assessment.as_line()} == line


def test_a_fact_of_another_question_is_refused_from_the_scheduler_too() -> None:
    with pytest.raises(Invalid) as refusal:
        determine_replacement({"documented_pathology": True})
    assert refusal.value.field == "documented_pathology"
