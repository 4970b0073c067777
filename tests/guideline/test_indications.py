"""Trial and permanent implant: a case table for each indication, both sides of every limit."""

from __future__ import annotations

from typing import Any

import pytest

from tests.guideline.asking import (
    PAIN_PERMANENT_MET,
    PAIN_TRIAL_MET,
    SPASTICITY_BY_ORAL_MET,
    SPASTICITY_BY_SCORE_MET,
    ask,
    because,
    verdicts,
)

YES, NO, OPEN = "medically_necessary", "experimental_investigational_unproven", "needs_information"
CASE_BY_CASE = "CMM-210.2: medical necessity is decided case by case."


@pytest.mark.parametrize("question", ["trial", "permanent_implant"])
@pytest.mark.parametrize(
    "indication", ["diabetes_insulin", "osteomyelitis_antibiotics", "thromboembolic_heparin", "other"]
)
def test_every_other_use_is_experimental(question: str, indication: str) -> None:
    answer = ask(question, indication=indication)
    assert answer["outcome"] == NO
    assert answer["missing"] == []
    assert {(one["section"], one["verdict"]) for one in answer["criteria"]} == {
        ("CMM-210.3", "not_met"),
        ("CMM-210.4", "not_met"),
    }
    assert any("CMM-210.4" in note for note in answer["notes"])


@pytest.mark.parametrize("question", ["trial", "permanent_implant"])
@pytest.mark.parametrize("others", [{}, {"documented_pathology": True, "noninvasive_months": 3}])
def test_without_an_indication_only_the_indication_is_missing(question: str, others: dict[str, Any]) -> None:
    answer = ask(question, **others)
    assert answer["outcome"] == OPEN
    assert answer["missing"] == ["indication"]


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, YES),
        ({"documented_pathology": False}, NO),
        ({"documented_pathology": None}, OPEN),
        ({"noninvasive_months": 6.0}, YES),
        ({"noninvasive_months": 5.99}, NO),
        ({"noninvasive_months": 0}, NO),
        ({"noninvasive_months": None}, OPEN),
        ({"noninvasive_failed": False}, NO),
        ({"noninvasive_failed": None}, OPEN),
        ({"provider_directed": False}, NO),
        ({"provider_directed": None}, OPEN),
        ({"active_exercise": "not_done"}, NO),
        ({"active_exercise": "contraindicated_documented"}, YES),
        ({"active_exercise": "contraindicated_undocumented"}, NO),
        ({"active_exercise": None}, OPEN),
        ({"fixed_schedule_analgesics": "not_done"}, NO),
        ({"fixed_schedule_analgesics": "contraindicated_documented"}, YES),
        ({"fixed_schedule_analgesics": "contraindicated_undocumented"}, NO),
        ({"fixed_schedule_analgesics": None}, OPEN),
        ({"further_intervention_indicated": True}, NO),
        ({"further_intervention_indicated": None}, OPEN),
        ({"behavioral_statement": False}, NO),
        ({"behavioral_statement": None}, OPEN),
        ({"agrees_to_halve_opiates": False}, NO),
        ({"agrees_to_halve_opiates": None}, OPEN),
        ({"agrees_to_halve_opiates": False, "trial_drug_is_opiate": False}, YES),
        ({"agrees_to_halve_opiates": None, "trial_drug_is_opiate": False}, YES),
        ({"agrees_to_halve_opiates": False, "trial_drug_is_opiate": None}, OPEN),
        ({"agrees_to_halve_opiates": True, "trial_drug_is_opiate": None}, YES),
        ({"agrees_to_halve_opiates": None, "trial_drug_is_opiate": None}, OPEN),
        ({"pain_reduction_percent": 0}, YES),
    ],
)
def test_a_trial_for_nonmalignant_pain_asks_for_every_criterion(change: dict[str, Any], outcome: str) -> None:
    answer = ask("trial", **{**PAIN_TRIAL_MET, **change})
    assert answer["outcome"] == outcome
    if outcome == OPEN:
        assert set(answer["missing"]) == {name for name, value in change.items() if value is None}
    permanent = ask("permanent_implant", **{**PAIN_PERMANENT_MET, "pain_reduction_percent": 50, **change})
    assert permanent["outcome"] == (outcome if "pain_reduction_percent" not in change else NO)


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({}, YES),
        ({"pain_reduction_percent": 100}, YES),
        ({"pain_reduction_percent": 49.99}, NO),
        ({"pain_reduction_percent": None}, OPEN),
        ({"pain_reduction_hours": 7.99}, NO),
        ({"pain_reduction_hours": 8.0}, YES),
        ({"pain_reduction_hours": None}, OPEN),
        ({"function_increased": False}, NO),
        ({"function_increased": None}, OPEN),
    ],
)
def test_a_permanent_implant_for_pain_asks_for_the_response_too(change: dict[str, Any], outcome: str) -> None:
    answer = ask("permanent_implant", **{**PAIN_PERMANENT_MET, **change})
    assert answer["outcome"] == outcome
    assert answer["missing"] == (list(change) if outcome == OPEN else [])


def test_the_agreement_to_halve_opiates_is_not_applicable_to_another_drug() -> None:
    answer = ask("trial", **{**PAIN_TRIAL_MET, "trial_drug_is_opiate": False, "agrees_to_halve_opiates": False})
    assert verdicts(answer)["3A.5"] == "not_applicable"
    assert "not an opiate" in because(answer, "3A.5")


@pytest.mark.parametrize(
    ("facts", "outcome"),
    [
        (SPASTICITY_BY_ORAL_MET, YES),
        ({**SPASTICITY_BY_ORAL_MET, "oral_trial_weeks": 5.99}, OPEN),
        ({**SPASTICITY_BY_ORAL_MET, "oral_trial_weeks": None}, OPEN),
        ({**SPASTICITY_BY_ORAL_MET, "oral_trial_failed": None}, OPEN),
        ({**SPASTICITY_BY_ORAL_MET, "physical_therapy_included": None}, OPEN),
        ({"indication": "spasticity_or_dystonia", "oral_contraindicated_or_intolerant": True}, YES),
        (SPASTICITY_BY_SCORE_MET, YES),
        ({**SPASTICITY_BY_SCORE_MET, "ashworth_average": 4}, YES),
        ({**SPASTICITY_BY_SCORE_MET, "spasm_frequency": 2.0}, YES),
        ({**SPASTICITY_BY_SCORE_MET, "spasm_frequency": 4}, YES),
        ({**SPASTICITY_BY_SCORE_MET, "spasm_frequency": None}, OPEN),
        ({**SPASTICITY_BY_SCORE_MET, "ashworth_average": None}, OPEN),
        ({**SPASTICITY_BY_SCORE_MET, "ashworth_average": 2.99, "modified_ashworth": "2"}, YES),
        ({"indication": "spasticity_or_dystonia"}, OPEN),
    ],
)
def test_a_trial_for_spasticity_has_two_ways(facts: dict[str, Any], outcome: str) -> None:
    assert ask("trial", **facts)["outcome"] == outcome


NO_ORAL = {
    "indication": "spasticity_or_dystonia",
    "oral_contraindicated_or_intolerant": False,
    "oral_trial_weeks": 5.99,
    "oral_trial_failed": True,
    "physical_therapy_included": True,
}


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"ashworth_average": 2.99, "modified_ashworth": "1+", "spasm_frequency": 4}, NO),
        ({"ashworth_average": 2.99, "modified_ashworth": "1", "spasm_frequency": 4}, NO),
        ({"ashworth_average": 0, "modified_ashworth": "0", "spasm_frequency": 4}, NO),
        ({"ashworth_average": 2.99, "modified_ashworth": "2", "spasm_frequency": 2}, YES),
        ({"ashworth_average": 2.99, "modified_ashworth": "3", "spasm_frequency": 2}, YES),
        ({"ashworth_average": 2.99, "modified_ashworth": "4", "spasm_frequency": 2}, YES),
        ({"ashworth_average": 2.99, "modified_ashworth": None, "spasm_frequency": 2}, OPEN),
        ({"ashworth_average": 3, "modified_ashworth": "0", "spasm_frequency": 2}, YES),
        ({"ashworth_average": 3, "modified_ashworth": "4", "spasm_frequency": 1}, NO),
        ({"spasm_frequency": 1}, NO),
        ({"spasm_frequency": 0}, NO),
        ({"oral_trial_weeks": 6, "oral_trial_failed": False, "spasm_frequency": 1}, NO),
        ({"oral_trial_weeks": 6, "physical_therapy_included": False, "spasm_frequency": 1}, NO),
        ({"oral_trial_weeks": 6, "spasm_frequency": 1}, YES),
        ({"oral_contraindicated_or_intolerant": None, "spasm_frequency": 1}, OPEN),
    ],
)
def test_without_failed_oral_treatment_the_scores_decide(change: dict[str, Any], outcome: str) -> None:
    assert ask("trial", **{**NO_ORAL, **change})["outcome"] == outcome


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"ashworth_reduction": 2, "response_hours": 4}, YES),
        ({"spasm_frequency_reduction": 2, "response_hours": 4}, YES),
        ({"ashworth_reduction": 1.99, "response_hours": 4}, OPEN),
        ({"ashworth_reduction": -1, "spasm_frequency_reduction": -2, "other_beneficial_response": False}, NO),
        ({"ashworth_reduction": 2, "response_hours": 3.99, "other_beneficial_response": False}, NO),
        ({"ashworth_reduction": 2, "response_hours": 3.99, "other_beneficial_response": True}, YES),
        ({"ashworth_reduction": 2, "response_hours": None, "other_beneficial_response": False}, OPEN),
        ({"other_beneficial_response": True}, YES),
        ({"other_beneficial_response": False}, OPEN),
        ({}, OPEN),
    ],
)
def test_a_permanent_implant_for_spasticity_asks_for_a_response(change: dict[str, Any], outcome: str) -> None:
    assert ask("permanent_implant", **{**SPASTICITY_BY_SCORE_MET, **change})["outcome"] == outcome


@pytest.mark.parametrize(("failed", "outcome"), [(True, YES), (False, NO), (None, OPEN)])
def test_a_trial_for_cancer_pain_asks_for_failed_noninvasive_methods(failed: bool | None, outcome: str) -> None:
    answer = ask("trial", indication="cancer_pain", noninvasive_failed_or_contraindicated=failed)
    assert answer["outcome"] == outcome


WAIVED = {"advanced_disease": True, "limited_survival": True, "high_procedural_risk": True}


@pytest.mark.parametrize(
    ("change", "outcome"),
    [
        ({"pain_reduction_percent": 50}, YES),
        ({"pain_reduction_percent": 49.99}, OPEN),
        ({"pain_reduction_percent": 49.99, "advanced_disease": False}, NO),
        (WAIVED, YES),
        ({**WAIVED, "pain_reduction_percent": 0}, YES),
        ({**WAIVED, "advanced_disease": False}, OPEN),
        ({**WAIVED, "limited_survival": None, "pain_reduction_percent": 0}, OPEN),
        ({**WAIVED, "high_procedural_risk": False, "pain_reduction_percent": 0}, NO),
        ({**WAIVED, "noninvasive_failed_or_contraindicated": False}, NO),
        ({**WAIVED, "noninvasive_failed_or_contraindicated": None}, OPEN),
    ],
)
def test_a_permanent_implant_for_cancer_pain_asks_for_relief_or_the_waiver(
    change: dict[str, Any], outcome: str
) -> None:
    facts = {"indication": "cancer_pain", "noninvasive_failed_or_contraindicated": True, **change}
    assert ask("permanent_implant", **facts)["outcome"] == outcome


def test_a_trial_that_is_not_required_says_so_and_is_still_answered() -> None:
    answer = ask("trial", indication="cancer_pain", noninvasive_failed_or_contraindicated=False, **WAIVED)
    assert answer["outcome"] == NO
    assert any("no trial is required" in note for note in answer["notes"])


@pytest.mark.parametrize("name", list(WAIVED))
@pytest.mark.parametrize("value", [False, None])
def test_the_waiver_needs_all_three(name: str, value: bool | None) -> None:
    answer = ask("trial", indication="cancer_pain", **{**WAIVED, name: value})
    assert not any("no trial is required" in note for note in answer["notes"])


def test_facts_of_another_indication_and_of_the_permanent_step_change_nothing() -> None:
    plain = ask("trial", **PAIN_TRIAL_MET)
    more = ask("trial", **PAIN_TRIAL_MET, pain_reduction_percent=0, spasm_frequency=0, advanced_disease=False)
    assert more == plain


@pytest.mark.parametrize("question", ["replacement", "trial", "permanent_implant"])
@pytest.mark.parametrize("purpose", ["obstetrical_anesthesia", "surgical_anesthesia"])
def test_anesthesia_is_outside_the_guideline(question: str, purpose: str) -> None:
    answer = ask(question, purpose=purpose)
    assert answer["outcome"] == "outside_guideline"
    assert answer["missing"] == []
    assert set(verdicts(answer).values()) == {"not_applicable"}
    assert any("anesthesia" in note for note in answer["notes"])


@pytest.mark.parametrize("purpose", ["therapy", None])
def test_therapy_is_what_an_absent_purpose_means(purpose: str | None) -> None:
    assert ask("trial", **PAIN_TRIAL_MET, purpose=purpose) == ask("trial", **PAIN_TRIAL_MET)


@pytest.mark.parametrize("question", ["replacement", "trial", "permanent_implant"])
@pytest.mark.parametrize("facts", [{}, {"purpose": "obstetrical_anesthesia"}])
def test_every_answer_says_that_the_guideline_decides_case_by_case(question: str, facts: dict[str, Any]) -> None:
    assert CASE_BY_CASE in ask(question, **facts)["notes"]
