"""Which version answers about which day: the one in force then, and none before the first."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tracker.guideline import (
    NONE_IN_FORCE,
    RELEASES,
    Outcome,
    Verdict,
    answers_on,
    determine_replacement,
    determine_replacement_on,
    tree,
)

FIRST = RELEASES[0]
MET = {"impending_failure_notice": True, "abuse_or_neglect": False}


def test_a_version_answers_about_the_days_on_which_it_is_in_force() -> None:
    answer = determine_replacement_on(MET, FIRST.in_force_from)
    assert answer == determine_replacement(MET, FIRST.version)
    assert answer.outcome is Outcome.MEDICALLY_NECESSARY


@pytest.mark.parametrize("facts", [{}, MET, {"abuse_or_neglect": True}])
def test_before_the_first_version_nothing_is_decided_and_the_answer_says_so(facts: dict[str, bool | None]) -> None:
    day = FIRST.in_force_from - timedelta(days=1)
    answer = determine_replacement_on(facts, day)
    assert (answer.version, answer.outcome) == (NONE_IN_FORCE, Outcome.NEEDS_INFORMATION)
    assert {one.verdict for one in answer.criteria} == {Verdict.UNKNOWN}
    assert answer.missing == ()
    assert all("2019-07-31" in one.because and "2019-08-01" in one.because for one in answer.criteria)
    assert set((answer.readings or {}).values()) == {Outcome.NEEDS_INFORMATION}
    assert tree(NONE_IN_FORCE).sections


def test_a_question_of_today_is_answered_by_the_version_in_force_today() -> None:
    assert answers_on(date(2026, 11, 27)) == "2.0.2019"
    assert answers_on(date(2001, 1, 1)) == FIRST.version
