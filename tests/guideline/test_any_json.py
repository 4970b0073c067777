"""Whatever JSON may hold, the evaluation answers; it never raises, and its answer can always be written down."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unhurried import UNHURRIED
from tracker.guideline import assess, find

SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(), max_size=8)
ANY_JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
)
EDITION = find()
NAMES = st.sampled_from([*EDITION.facts, "unknown", ""])
VALUES = st.sampled_from(
    [choice.value for fact in EDITION.facts.values() for choice in fact.choices] + [True, False, None, 0, 2, 6, 50]
)
QUESTIONS = st.sampled_from([*EDITION.questions])


def answered(line: object) -> dict[str, Any]:
    answer = assess(line)
    body = {name: value for name, value in answer.items() if name != "id"}
    assert json.loads(json.dumps(body, ensure_ascii=False).encode()) == body
    if "error" in answer:
        assert set(answer) == {"id", "error"}
    else:
        assert len({entry["id"] for entry in answer["criteria"]}) == len(answer["criteria"]) > 0
        assert all(entry["because"].endswith(".") for entry in answer["criteria"])
        assert bool(answer["missing"]) == (answer["outcome"] == "needs_information")
    return answer


@UNHURRIED
@given(line=ANY_JSON)
def test_any_json_at_all(line: object) -> None:
    answered(line)


@UNHURRIED
@given(question=QUESTIONS | ANY_JSON, facts=ANY_JSON, asked_by=SCALARS)
def test_any_question_and_facts(question: object, facts: object, asked_by: object) -> None:
    answered({"id": asked_by, "question": question, "facts": facts})


@given(question=QUESTIONS, facts=st.dictionaries(NAMES, VALUES | ANY_JSON, max_size=4))
@settings(UNHURRIED, max_examples=300)
def test_any_value_of_any_fact(question: str, facts: dict[str, object]) -> None:
    answered({"id": 1, "question": question, "facts": facts})


@given(
    question=QUESTIONS,
    chosen=st.data(),
)
@settings(UNHURRIED, max_examples=300)
def test_any_possible_value_of_the_facts_asked_is_answered(question: str, chosen: st.DataObject) -> None:
    facts: dict[str, object] = {}
    for name, fact in EDITION.asked[question].items():
        values: st.SearchStrategy[Any]
        if fact.kind == "boolean":
            values = st.booleans()
        elif fact.kind == "choice":
            values = st.sampled_from([choice.value for choice in fact.choices])
        elif fact.kind == "integer":
            values = st.integers(int(fact.minimum or 0), int(fact.maximum or 100))
        else:
            values = st.floats(fact.minimum, fact.maximum, allow_nan=False, allow_infinity=False)
        facts[name] = chosen.draw(st.none() | values, label=name)
    if facts.get("device_has_battery") is False:
        facts["battery_nearing_end"] = None
    assert "error" not in answered({"id": 1, "question": question, "facts": facts})
