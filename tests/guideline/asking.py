"""How the tests ask: a question with its facts, and one criterion of the answer."""

from __future__ import annotations

from typing import Any, Final

from tracker.guideline import assess

VERSION: Final = "2.0.2019"
"""The version that these tests are about; a later one has tests of its own."""


def ask(question: str, **facts: Any) -> dict[str, Any]:
    """Ask, and insist on an answer."""
    answer = assess({"id": "x", "question": question, "facts": facts}, VERSION)
    assert "error" not in answer, answer
    return answer


def refused(question: object, facts: object) -> str:
    """Ask, and insist on a refusal."""
    answer = assess({"id": "x", "question": question, "facts": facts}, VERSION)
    assert set(answer) == {"id", "error"}, answer
    assert answer["id"] == "x"
    return str(answer["error"])


def verdicts(answer: dict[str, Any]) -> dict[str, str]:
    return {entry["id"]: entry["verdict"] for entry in answer["criteria"]}


def because(answer: dict[str, Any], criterion: str) -> str:
    return next(str(entry["because"]) for entry in answer["criteria"] if entry["id"] == criterion)


LOST = {"no_longer_beneficial": True, "repairable": False, "components_functional": False}
PAIN_TRIAL_MET: dict[str, Any] = {
    "indication": "nonmalignant_pain",
    "documented_pathology": True,
    "noninvasive_months": 6,
    "noninvasive_failed": True,
    "provider_directed": True,
    "active_exercise": "done",
    "fixed_schedule_analgesics": "done",
    "further_intervention_indicated": False,
    "behavioral_statement": True,
    "trial_drug_is_opiate": True,
    "agrees_to_halve_opiates": True,
}
PAIN_PERMANENT_MET: dict[str, Any] = {
    **PAIN_TRIAL_MET,
    "pain_reduction_percent": 50,
    "pain_reduction_hours": 8,
    "function_increased": True,
}
SPASTICITY_BY_ORAL_MET: dict[str, Any] = {
    "indication": "spasticity_or_dystonia",
    "oral_trial_weeks": 6,
    "oral_trial_failed": True,
    "physical_therapy_included": True,
}
SPASTICITY_BY_SCORE_MET: dict[str, Any] = {
    "indication": "spasticity_or_dystonia",
    "ashworth_average": 3,
    "spasm_frequency": 2,
}
