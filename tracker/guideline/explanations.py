"""Why a criterion stands as it does, in a sentence for a nurse: the value seen, the limit, and never more than that."""

from __future__ import annotations

from tracker.describe_value import number_words
from tracker.guideline.facts import FactValue
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.logic import Facts, Truth, Truths, is_waived, truth_of
from tracker.guideline.schema import AllOf, AnyOf, AtLeast, Because, Criterion, OneOf, Test


def because_of_test(edition: Edition, criterion: Criterion, test: Test, truth: Truth, facts: Facts) -> str:
    """Explain the verdict on one fact. A waived criterion and a fact answered by another say so instead."""
    waiver, words = criterion.waived, criterion.because
    if words is None:
        raise ValueError(f"criterion {criterion.id} tests a fact and has no sentences")
    if waiver is not None and is_waived(criterion, facts):
        return waiver.because
    link = edition.by_link.get(test.fact)
    if link is not None and facts.get(link.when) is link.is_:
        return link.because
    value, seen = facts.get(test.fact), ""
    if truth is None:
        template = _unknown_words(words, criterion, value, facts)
    else:
        template = words.met if truth else words.not_met
        if isinstance(value, str):
            template, seen = words.by_value.get(value, template), _label(edition, test.fact, value)
        elif value is not None and not isinstance(value, bool):
            if value < 0 and words.not_met_below_zero is not None:
                template, value = words.not_met_below_zero, -value
            seen = number_words(value)
    return template.replace("{seen}", seen).replace("{limit}", _limit(test))


def because_of_parts(edition: Edition, rule: AllOf | AnyOf, truth: Truth, truths: Truths) -> str:
    """Explain the verdict on a combination by naming the parts that settle it, or that still leave it open."""
    every = isinstance(rule, AllOf)
    if truth is None:
        return f"Not settled yet; still open: {_named(edition, rule, None, truths)}."
    if truth:
        return f"{'All of these hold' if every else 'Met by'}: {_named(edition, rule, True, truths)}."
    return f"{'Not met' if every else 'None of these holds'}: {_named(edition, rule, False, truths)}."


def _named(edition: Edition, rule: AllOf | AnyOf, truth: Truth, truths: Truths) -> str:
    """Name the parts that stand at ``truth``; a rule within the rule is named by its own parts."""
    names = []
    for part in rule.of:
        if truth_of(part, truths) is not truth:
            continue
        if isinstance(part, str):
            names.append(f"{edition.criteria[part].title} ({part})")
        else:
            names.append(_named(edition, part, truth, truths))
    return ", ".join(names)


def _unknown_words(words: Because, criterion: Criterion, value: FactValue | None, facts: Facts) -> str:
    """Where a waiver is possible, tell apart whether the test, the waiver or both are not known."""
    if criterion.waived is None:
        return words.unknown
    if value is not None:
        return words.unknown_waiver or words.unknown
    if criterion.waived.fact in facts:
        return words.unknown_test or words.unknown
    return words.unknown


def _limit(test: Test) -> str:
    if isinstance(test, AtLeast):
        return number_words(test.limit)
    return test.limit or "" if isinstance(test, OneOf) else ""


def _label(edition: Edition, fact: str, value: str) -> str:
    return next((choice.label for choice in edition.facts[fact].choices if choice.value == value), value)
