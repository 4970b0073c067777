"""The evaluation against every completion of the facts: is it decided when it must be, and is ``missing`` exact?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.guideline import plainly
from tests.guideline.asking import ask
from tests.guideline.plainly import CASES, Case, case_name
from tests.unhurried import UNHURRIED


def completions(case: Case, known: Mapping[str, Any]) -> list[dict[str, Any]]:
    open_names = [name for name in case[2] if known.get(name) is None]
    return [
        {**known, **dict(zip(open_names, values, strict=True))}
        for values in product(*(sides(case[0], case[1], name) for name in open_names))
    ]


@cache
def sides(question: str, indication: str | None, name: str) -> tuple[Any, ...]:
    """One value on each side of the fact's limit: enough, since no rule tells more than two kinds of value apart."""
    (case,) = (case for case in CASES if case[:2] == (question, indication))
    return case[2][name][:2]


def could_decide(case: Case, known: Mapping[str, Any], name: str) -> bool:
    """Whether some assignment of the other unknown facts exists under which this fact's value changes the outcome."""
    one, other = sides(case[0], case[1], name)
    rest = completions(case, {**known, name: one})
    return any(case[3](full) != case[3]({**full, name: other}) for full in rest)


def hold_against_every_completion(case: Case, known: Mapping[str, Any]) -> None:
    answer = ask(case[0], **plainly.given(case, known))
    outcomes = {plainly.outcome(case, full) for full in completions(case, known)}
    expected = outcomes.pop() if len(outcomes) == 1 else "needs_information"
    assert answer["outcome"] == expected
    unknown = [name for name in case[2] if known.get(name) is None]
    missing = {name for name in unknown if could_decide(case, known, name)}
    assert set(answer["missing"]) == missing
    assert len(answer["missing"]) == len(missing)


def test_every_state_of_a_replacement_is_decided_and_missing_exactly() -> None:
    case = CASES[0]
    for values in product((True, False, None), repeat=len(case[2])):
        hold_against_every_completion(case, dict(zip(case[2], values, strict=True)))


def test_the_joint_reading_is_decided_exactly_too() -> None:
    case: Case = (*CASES[0][:3], plainly.replacement_read_jointly)
    for values in product((True, False, None), repeat=len(case[2])):
        known = dict(zip(case[2], values, strict=True))
        outcomes = {plainly.outcome(case, full) for full in completions(case, known)}
        expected = outcomes.pop() if len(outcomes) == 1 else "needs_information"
        assert ask("replacement", **known)["readings"]["joint"] == expected


@pytest.mark.parametrize("case", CASES[1:], ids=case_name)
@given(data=st.data())
@settings(UNHURRIED, max_examples=60)
def test_an_indication_is_decided_and_missing_exactly(case: Case, data: st.DataObject) -> None:
    names = list(case[2])
    unknown = data.draw(st.sets(st.sampled_from(names), max_size=7), label="unknown")
    known = {name: None if name in unknown else data.draw(st.sampled_from(case[2][name]), label=name) for name in names}
    hold_against_every_completion(case, known)


@pytest.mark.parametrize("case", CASES, ids=case_name)
def test_with_nothing_known_every_fact_is_missing(case: Case) -> None:
    answer = ask(case[0], **plainly.given(case, {}))
    assert set(answer["missing"]) == set(case[2])


@pytest.mark.parametrize("case", CASES, ids=case_name)
@given(data=st.data())
@settings(UNHURRIED, max_examples=100)
def test_facts_that_are_not_missing_change_no_outcome_even_all_at_once(case: Case, data: st.DataObject) -> None:
    known = {name: data.draw(st.sampled_from((None, *values)), label=name) for name, values in case[2].items()}
    answer = ask(case[0], **plainly.given(case, known))
    told = {
        name: data.draw(st.sampled_from(values), label=f"then {name}")
        for name, values in case[2].items()
        if known[name] is None and name not in answer["missing"]
    }
    again = ask(case[0], **plainly.given(case, {**known, **told}))
    assert again["outcome"] == answer["outcome"]
    assert set(again["missing"]) == set(answer["missing"])


@pytest.mark.parametrize("case", CASES, ids=case_name)
@given(data=st.data())
@settings(UNHURRIED, max_examples=100)
def test_knowing_more_never_undoes_a_decision(case: Case, data: st.DataObject) -> None:
    known = {name: data.draw(st.sampled_from((None, *values)), label=name) for name, values in case[2].items()}
    before = ask(case[0], **plainly.given(case, known))
    more = {
        name: data.draw(st.sampled_from((None, *values)), label=f"then {name}")
        for name, values in case[2].items()
        if known[name] is None
    }
    after = ask(case[0], **plainly.given(case, {**known, **more}))
    if before["outcome"] != "needs_information":
        assert after["outcome"] == before["outcome"]
    for reading, outcome in before.get("readings", {}).items():
        assert outcome in {"needs_information", after["readings"][reading]}
    verdicts_after = {entry["id"]: entry["verdict"] for entry in after["criteria"]}
    for entry in before["criteria"]:
        settled = verdicts_after[entry["id"]]
        assert entry["verdict"] in {"unknown", settled} or settled == "not_applicable"


@UNHURRIED
@given(
    facts=st.fixed_dictionaries(dict.fromkeys(plainly.REPLACEMENT, st.sampled_from((True, False, None)))),
    has=st.sampled_from((True, False, None)),
)
def test_a_battery_that_is_not_there_answers_for_its_end(facts: dict[str, bool | None], has: bool | None) -> None:
    if has is False and facts["battery_nearing_end"] is True:
        facts["battery_nearing_end"] = None
    answer = ask("replacement", **facts, device_has_battery=has)
    nearing = False if has is False else facts["battery_nearing_end"]
    plain = ask("replacement", **{**facts, "battery_nearing_end": nearing})
    for part in ("outcome", "missing", "readings"):
        assert answer[part] == plain[part]


def test_missing_is_empty_unless_information_is_needed() -> None:
    for case in CASES:
        for values in (1, 0):
            known = {name: sides[0 if values else 1] for name, sides in case[2].items()}
            answer = ask(case[0], **plainly.given(case, known))
            assert answer["outcome"] != "needs_information"
            assert answer["missing"] == []
