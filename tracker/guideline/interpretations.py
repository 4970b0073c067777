"""A sentence that can be read in more than one way: each reading's outcome, and what to document so that they agree."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from itertools import product
from typing import TypeAlias

from tracker.guideline.assessment import Outcome
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.logic import Truth, Truths, truth_of
from tracker.guideline.schema import AllOf, Combination, Question, Rule, Stated

Way: TypeAlias = frozenset[tuple[str, bool]]
"""Criteria of one fact each, with the truth that each must have: settled so, they settle the rule."""


@lru_cache(maxsize=4096)
def note_on_difference(
    edition: Edition,
    question: str,
    outcomes: tuple[tuple[str, Outcome], ...],
    truths: tuple[tuple[str, Truth], ...],
    fixed: frozenset[str],
) -> str | None:
    """Say how the readings differ and which facts, once documented, make them agree; None when they agree already.

    ``truths`` are those of every criterion; ``fixed`` names the criteria that another fact answers, which no further
    document can change. Facts that are not known come first. Where only recorded facts divide the readings, the note
    says so, and names what the record would have to show: that is for a person to check, never a thing to write down
    for its own sake.
    """
    if len({outcome for _, outcome in outcomes}) == 1:
        return None
    asked, standing = edition.questions[question], dict(outcomes)
    told = ", ".join(f"{reading.label} it is {standing[reading.name].words}" for reading in asked.readings)
    opening = f"{asked.section} can be read two ways, and here the answer differs: {told}."
    open_ways = _ways_to_agree(asked, _Search(edition, dict(truths), fixed, recorded_may_change=False))
    if open_ways:
        return f"{opening} Both agree once it is documented that {_told(edition, open_ways)}."
    ways = _ways_to_agree(asked, _Search(edition, dict(truths), fixed, recorded_may_change=True))
    if ways:
        return f"{opening} As recorded they cannot agree; they would if it were documented that {_told(edition, ways)}."
    return f"{opening} As recorded they cannot agree."


def _ways_to_agree(question: Question, search: _Search) -> list[Way]:
    """Every smallest way to make all readings true and, without changing what is recorded, to make all false."""
    rules = AllOf(of=tuple(reading.rule for reading in question.readings))
    ways = search.ways(rules, wanted=True)
    if not search.recorded_may_change:
        ways += _smallest(_joined(search.ways(rule, wanted=False) for rule in rules.of))
    return ways


class _Search:
    """What may be settled while looking for ways: open criteria, and recorded ones unless ``fixed``."""

    def __init__(self, edition: Edition, truths: Truths, fixed: frozenset[str], *, recorded_may_change: bool) -> None:
        self.edition, self.truths, self.fixed = edition, truths, fixed
        self.recorded_may_change = recorded_may_change

    def ways(self, rule: Rule, *, wanted: bool) -> list[Way]:
        """Find the smallest ways to make a rule ``wanted``: one empty way when it is so already, none when it can't."""
        truth = truth_of(rule, self.truths)
        if truth is wanted:
            return [frozenset()]
        if isinstance(rule, str):
            inner = self.edition.criteria[rule].rule
            if isinstance(inner, Combination):
                return self.ways(inner, wanted=wanted)
            may = truth is None or (self.recorded_may_change and rule not in self.fixed)
            return [frozenset({(rule, wanted)})] if may else []
        parts = [self.ways(part, wanted=wanted) for part in rule.of]
        if isinstance(rule, AllOf) is wanted:
            return _smallest(_joined(parts))
        return _smallest(way for part in parts for way in part)


def _joined(parts: Iterable[list[Way]]) -> list[Way]:
    """One way from each part, put together; a way that would need a criterion both true and false is none."""
    joined = (frozenset[tuple[str, bool]]().union(*chosen) for chosen in product(*parts))
    return [way for way in joined if len({name for name, _ in way}) == len(way)]


def _smallest(ways: Iterable[Way]) -> list[Way]:
    found = list(dict.fromkeys(ways))
    return [way for way in found if not any(other < way for other in found)]


def _told(edition: Edition, ways: Iterable[Way]) -> str:
    order = list(edition.criteria)
    in_order = [sorted(way, key=lambda part: order.index(part[0])) for way in ways]
    return ", or that ".join(
        " and ".join(_fact_told(edition, name, wanted=wanted) for name, wanted in way) for way in in_order
    )


def _fact_told(edition: Edition, criterion_id: str, *, wanted: bool) -> str:
    criterion = edition.criteria[criterion_id]
    if isinstance(criterion.rule, Stated):
        answer = "yes" if criterion.rule.wanted is wanted else "no"
        return f"{criterion.rule.fact} is {answer}"
    return f"{criterion.title} ({criterion.id}) is {'met' if wanted else 'not met'}"
