"""Three-valued logic after Kleene over the guideline's rules: true, false, and None for not known.

"And" is false as soon as one part is false, "or" is true as soon as one part is true; only otherwise does an unknown
part leave the whole unknown. An unknown that cannot change the answer therefore does not hold it up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from tracker.guideline.facts import FactValue
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.schema import AllOf, AnyOf, AtLeast, Combination, Criterion, Rule, Stated, Test

Truth: TypeAlias = bool | None
Facts: TypeAlias = Mapping[str, FactValue]
Truths: TypeAlias = Mapping[str, Truth]


def truth_of_test(test: Test, facts: Facts) -> Truth:
    """Hold one fact against its test; None when the fact is not known."""
    value = facts.get(test.fact)
    if value is None:
        return None
    if isinstance(test, Stated):
        return value is test.wanted
    if isinstance(test, AtLeast):
        return not isinstance(value, str) and value >= test.limit
    return value in test.values


def is_waived(criterion: Criterion, facts: Facts) -> Truth:
    """Say whether a criterion does not apply; None when the fact that would waive it is not known."""
    if criterion.waived is None:
        return False
    value = facts.get(criterion.waived.fact)
    return None if value is None else value is criterion.waived.is_


def truth_of(rule: Rule, truths: Truths) -> Truth:
    """Combine the truths of criteria, found by their ids, as the rule says."""
    if isinstance(rule, str):
        return truths[rule]
    decides = isinstance(rule, AnyOf)
    whole: Truth = not decides
    for part in rule.of:
        truth = truth_of(part, truths)
        if truth is decides:
            return decides
        if truth is None:
            whole = None
    return whole


def open_facts(edition: Edition, rule: Rule, truths: Truths, facts: Facts) -> Iterator[str]:
    """Name the facts, not known, that could still change an undecided rule; some may come twice.

    Exactly these: in an undecided "and" no part is false, in an undecided "or" no part is true, so the other parts
    can all be settled in such a way that this one decides. A decided part can change nothing and is not entered.
    This is exact because a rule asks for each fact in one place only, which the tests hold of every release.
    """
    if truth_of(rule, truths) is not None:
        return
    if isinstance(rule, AllOf | AnyOf):
        for part in rule.of:
            yield from open_facts(edition, part, truths, facts)
        return
    criterion = edition.criteria[rule]
    if isinstance(criterion.rule, Combination):
        yield from open_facts(edition, criterion.rule, truths, facts)
        return
    if criterion.rule.fact not in facts:
        yield criterion.rule.fact
    if criterion.waived is not None and criterion.waived.fact not in facts:
        yield criterion.waived.fact
