"""The gate in front of the evaluation: are these facts of this question, and can their values be true at all?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TypeAlias

from tracker.describe_value import name_shown, number_words, shown
from tracker.errors import Invalid
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.schema import Fact, Question

FactValue: TypeAlias = bool | int | float | str
KnownFacts: TypeAlias = dict[str, FactValue]


def check_facts(edition: Edition, question: Question, given: Mapping[str, object]) -> KnownFacts:
    """Check every fact given, needed or not, and give back those that are known.

    A fact that is absent or None is not known; it is left out, and no value stands in for it. Raises ``Invalid``
    naming the field: a name that the question does not have (even when None), a value of the wrong type, beyond its
    limits or not among its choices, and two facts of the device that contradict each other.
    """
    asked = edition.asked[question.name]
    known: KnownFacts = {}
    for name, value in given.items():
        fact = asked.get(name)
        if fact is None:
            raise Invalid(f"{name_shown(name)}: {_not_asked(edition, question, name)}", field=name_shown(name))
        if value is not None:
            known[name] = _checked(fact, value)
    for link in edition.document.links:
        if known.get(link.when) is link.is_ and known.get(link.fact, link.then) is not link.then:
            raise Invalid(
                f"{link.fact}: contradicts {link.when}. {link.because}",
                field=link.fact,
            )
    return known


def _not_asked(edition: Edition, question: Question, name: str) -> str:
    if name in edition.facts:
        others = " and ".join(edition.facts[name].asked_in)
        return f"a fact of {others}, not of {question.name}."
    return f"{question.name} has no such fact."


def _checked(fact: Fact, value: object) -> FactValue:
    match fact.kind:
        case "boolean":
            if isinstance(value, bool):
                return value
            raise _wrong(fact, "must be true or false", value)
        case "choice":
            if isinstance(value, str) and any(choice.value == value for choice in fact.choices):
                return value
            allowed = ", ".join(f'"{choice.value}"' for choice in fact.choices)
            raise _wrong(fact, f"must be one of {allowed}", value)
        case "number" | "integer":
            return _checked_number(fact, value)


def _checked_number(fact: Fact, value: object) -> int | float:
    """A number within its limits. JSON does not tell 2.0 from 2, so a whole 2.0 is an integer; a boolean never is."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _wrong(fact, "must be a number", value)
    if isinstance(value, float) and not math.isfinite(value):
        raise _wrong(fact, "must be a finite number", value)
    if fact.kind == "integer" and isinstance(value, float) and not value.is_integer():
        raise _wrong(fact, "must be a whole number", value)
    too_low = fact.minimum is not None and value < fact.minimum
    too_high = fact.maximum is not None and value > fact.maximum
    if too_low or too_high:
        raise _wrong(fact, f"must be {_limits(fact)}", value)
    return value


def _limits(fact: Fact) -> str:
    if fact.minimum is not None and fact.maximum is not None:
        return f"from {number_words(fact.minimum)} to {number_words(fact.maximum)}"
    if fact.minimum is not None:
        return f"{number_words(fact.minimum)} or more"
    return f"{number_words(fact.maximum)} or less" if fact.maximum is not None else "a number"


def _wrong(fact: Fact, rule: str, value: object) -> Invalid:
    return Invalid(f"{fact.name}: {rule}, not {shown(value)}.", field=fact.name)
