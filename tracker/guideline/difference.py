"""What changed between two determinations, in plain sentences: the outcome, the facts, the criteria."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.describe_value import number_words
from tracker.guideline.assessment import Assessment, CriterionVerdict, Verdict
from tracker.guideline.catalogue import find
from tracker.guideline.schema import Fact

_WORDS = {
    Verdict.MET: "met",
    Verdict.NOT_MET: "not met",
    Verdict.UNKNOWN: "unknown",
    Verdict.NOT_APPLICABLE: "not applicable",
}


def differences(
    before: Assessment,
    after: Assessment,
    facts_before: Mapping[str, object],
    facts_after: Mapping[str, object],
) -> tuple[str, ...]:
    """Say how ``after`` differs from ``before``; empty when nothing did.

    First what the answer rests on (guideline, question, outcome, readings), then the facts, then the criteria, each in
    the order of the later determination. A fact that is absent or None is not known. Two determinations of different
    versions are compared criterion by criterion by id; one that only one of them has is named as such.
    """
    told: list[str] = []
    if (before.guideline, before.version) != (after.guideline, after.version):
        told.append(
            f"The guideline was {before.guideline} {before.version} and is now {after.guideline} {after.version}."
        )
    if before.question != after.question:
        told.append(f"The question was {before.question} and is now {after.question}.")
    if before.outcome != after.outcome:
        told.append(f"The outcome was {before.outcome.words} and is now {after.outcome.words}.")
    told += _readings(before, after)
    told += _facts(after.version, facts_before, facts_after)
    told += _criteria(before, after)
    return tuple(told)


def _readings(before: Assessment, after: Assessment) -> list[str]:
    earlier, later = before.readings or {}, after.readings or {}
    return [
        f'The outcome of the reading "{name}" was {earlier[name].words} and is now {outcome.words}.'
        for name, outcome in later.items()
        if name in earlier and earlier[name] != outcome
    ]


def _facts(version: str, before: Mapping[str, object], after: Mapping[str, object]) -> list[str]:
    labels = find(version).facts
    told = []
    for name in dict.fromkeys((*after, *before)):
        earlier, later = before.get(name), after.get(name)
        if earlier == later and isinstance(earlier, bool) == isinstance(later, bool):
            continue
        fact = labels.get(name)
        question = name if fact is None else fact.label
        told.append(f"{question} Was: {_value(fact, earlier)}. Now: {_value(fact, later)}.")
    return told


def _criteria(before: Assessment, after: Assessment) -> list[str]:
    earlier = {entry.id: entry for entry in before.criteria}
    later = {entry.id: entry for entry in after.criteria}
    told = []
    for entry in after.criteria:
        old = earlier.get(entry.id)
        if old is None:
            told.append(f"{_named(entry)} is asked now and was not before: {_WORDS[entry.verdict]}. {entry.because}")
        elif old.verdict != entry.verdict:
            told.append(
                f"{_named(entry)} was {_WORDS[old.verdict]} and is now {_WORDS[entry.verdict]}. {entry.because}"
            )
    told += [f"{_named(entry)} is no longer asked." for entry in before.criteria if entry.id not in later]
    return told


def _named(entry: CriterionVerdict) -> str:
    return f"Criterion {entry.id} ({entry.title})"


def _value(fact: Fact | None, value: object) -> str:
    match value:
        case None:
            return "not known"
        case bool():
            return "yes" if value else "no"
        case int() | float():
            unit = "" if fact is None or fact.unit is None else f" {fact.unit}"
            return f"{number_words(value)}{unit}"
        case _:
            choices = () if fact is None else fact.choices
            return next((choice.label.lower() for choice in choices if choice.value == value), str(value))
