"""Facts as they come in: what is a value, what is refused and how it is named."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.guideline.asking import ask, because, refused
from tracker.guideline import assess

BOOLEANS = {
    "replacement": ("battery_nearing_end", "repairable", "device_has_battery", "abuse_or_neglect"),
    "trial": ("documented_pathology", "trial_drug_is_opiate", "function_increased", "advanced_disease"),
}


@pytest.mark.parametrize("question", list(BOOLEANS))
@pytest.mark.parametrize("value", [0, 1, 1.0, "true", "", [], {}, [True]])
def test_a_yes_or_no_takes_only_true_and_false(question: str, value: object) -> None:
    for name in BOOLEANS[question]:
        assert name in refused(question, {name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("noninvasive_months", -0.001),
        ("oral_trial_weeks", -1),
        ("pain_reduction_hours", -1),
        ("response_hours", -0.5),
        ("pain_reduction_percent", -0.001),
        ("pain_reduction_percent", 100.001),
        ("ashworth_average", -0.1),
        ("ashworth_average", 4.1),
        ("spasm_frequency", -1),
        ("spasm_frequency", 5),
        ("spasm_frequency", 1.5),
        ("spasm_frequency", "2"),
        ("spasm_frequency", True),
        ("noninvasive_months", True),
        ("noninvasive_months", "6"),
        ("noninvasive_months", []),
        ("noninvasive_months", math.nan),
        ("noninvasive_months", math.inf),
        ("ashworth_reduction", -math.inf),
        ("spasm_frequency_reduction", math.nan),
        ("modified_ashworth", 2),
        ("modified_ashworth", "2+"),
        ("modified_ashworth", "5"),
        ("modified_ashworth", True),
        ("active_exercise", "Done"),
        ("active_exercise", True),
        ("fixed_schedule_analgesics", "contraindicated"),
        ("indication", "cancer"),
        ("indication", ["cancer_pain"]),
        ("indication", {}),
        ("purpose", "anesthesia"),
        ("purpose", False),
    ],
)
@pytest.mark.parametrize(
    "others", [{}, {"purpose": "surgical_anesthesia"}, {"indication": "other"}, {"indication": "cancer_pain"}]
)
def test_a_value_that_cannot_be_true_is_refused_wherever_it_stands(
    name: str, value: object, others: dict[str, Any]
) -> None:
    assert name in refused("trial", {**others, name: value})
    assert name in refused("permanent_implant", {**others, name: value})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("noninvasive_months", 0),
        ("noninvasive_months", 10**400),
        ("oral_trial_weeks", 0.0),
        ("pain_reduction_percent", 0),
        ("pain_reduction_percent", 100),
        ("pain_reduction_hours", 1e300),
        ("response_hours", 0),
        ("ashworth_average", 0),
        ("ashworth_average", 4),
        ("ashworth_average", 2.75),
        ("spasm_frequency", 0),
        ("spasm_frequency", 4),
        ("ashworth_reduction", -4),
        ("ashworth_reduction", 0.5),
        ("spasm_frequency_reduction", -1),
        *[("modified_ashworth", score) for score in ("0", "1", "1+", "2", "3", "4")],
    ],
)
@pytest.mark.parametrize("question", ["trial", "permanent_implant"])
def test_the_limits_themselves_are_values(question: str, name: str, value: object) -> None:
    for indication in ("nonmalignant_pain", "spasticity_or_dystonia", "cancer_pain"):
        assert ask(question, indication=indication, **{name: value})["version"] == "2.0.2019"


@pytest.mark.parametrize("value", [None, True, 3])
@pytest.mark.parametrize(
    ("question", "name"),
    [
        ("replacement", "colour"),
        ("replacement", "indication"),
        ("replacement", "documented_pathology"),
        ("replacement", "pain_reduction_percent"),
        ("trial", "battery_nearing_end"),
        ("trial", "device_has_battery"),
        ("permanent_implant", "abuse_or_neglect"),
        ("trial", ""),
        ("trial", "Indication"),
        ("trial", "id"),
    ],
)
def test_a_fact_that_the_question_does_not_have_is_refused_even_when_null(
    question: str, name: str, value: object
) -> None:
    assert name in refused(question, {name: value})
    assert name in refused(question, {"purpose": "surgical_anesthesia", name: value})


@pytest.mark.parametrize("question", [None, "", "Replacement", "refill", 1, True, [], {}, ["replacement"]])
def test_a_question_that_the_guideline_does_not_answer_is_refused(question: object) -> None:
    assert refused(question, {}).startswith("question:")


@pytest.mark.parametrize("facts", [[], "", "facts", 0, False, True, 1.5, [{}]])
def test_facts_that_are_no_object_are_refused(facts: object) -> None:
    assert refused("replacement", facts).startswith("facts:")


def test_absent_and_null_facts_are_no_facts() -> None:
    answers = [
        assess({"id": "x", "question": "replacement"}),
        assess({"id": "x", "question": "replacement", "facts": None}),
        assess({"id": "x", "question": "replacement", "facts": {}}),
        assess({"id": "x", "question": "replacement", "facts": {"repairable": None, "abuse_or_neglect": None}}),
    ]
    assert all(answer == answers[0] for answer in answers)
    assert answers[0]["outcome"] == "needs_information"


@pytest.mark.parametrize("line", [None, True, 1, 1.5, "x", [], [{"id": 1, "question": "trial"}]])
def test_a_line_that_is_no_object_has_a_null_id(line: object) -> None:
    assert assess(line) == {"id": None, "error": assess(line)["error"]}


@pytest.mark.parametrize("asked_by", [None, 0, False, "", "x", 1.5, [1, {"a": None}], {"id": {}}])
def test_any_id_is_given_back(asked_by: object) -> None:
    assert assess({"id": asked_by, "question": "trial"})["id"] == asked_by
    assert assess({"id": asked_by, "question": "what"})["id"] == asked_by


def test_an_absent_id_is_null_and_further_keys_are_ignored() -> None:
    answer = assess({"question": "replacement", "facts": {}, "version": "9", "note": [1]})
    assert answer["id"] is None
    assert "error" not in answer


def test_a_reason_shows_the_value_seen_and_the_limit() -> None:
    answer = ask("permanent_implant", indication="nonmalignant_pain", pain_reduction_percent=49.999)
    assert because(answer, "3A.6a") == "The pain fell by 49.999 percent in the trial; at least 50 percent is asked."
    answer = ask("permanent_implant", indication="spasticity_or_dystonia", ashworth_reduction=-1)
    assert because(answer, "3B.3a") == "The Ashworth score rose by 1 points; a fall of at least 2 is asked."
    answer = ask("trial", indication="spasticity_or_dystonia", modified_ashworth="1+")
    assert because(answer, "3B.2a.2") == "The baseline Modified Ashworth score is 1+; at least 2 is asked."


def test_an_error_stays_short_and_plain_whatever_was_given() -> None:
    values: list[object] = ["\ud800" * 500, "x" * 10_000, 10**4000, [[]] * 1000, {"a": 1}]
    for value in values:
        error = refused("trial", {"indication": value})
        assert error.isascii()
        assert len(error) < 1000
    error = refused("trial", {"\ud800" + "y" * 10_000: None})
    assert error.isascii()
    assert len(error) < 1000
