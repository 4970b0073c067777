"""The guideline to be read: sections, criteria as a tree with their limits and facts, codes, omissions, references."""

from __future__ import annotations

from datetime import date
from functools import cache
from typing import Literal

from msgspec import Struct

from tracker.describe_value import number_words
from tracker.guideline.catalogue import LATEST, RELEASES, find
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.omissions import omissions_of
from tracker.guideline.schema import (
    AllOf,
    AtLeast,
    Combination,
    Criterion,
    Fact,
    Omission,
    Question,
    Reference,
    Rule,
    Stated,
    Statement,
    Test,
)


class CriterionNode(Struct, frozen=True):
    """One criterion with all that it rests on.

    ``joined`` says how ``parts`` settle it; a criterion without parts tests ``facts`` and ``asks`` says what of them,
    with the limit and its unit. ``id`` is None for a combination that only a reading makes.
    """

    id: str | None
    title: str
    wording: str
    joined: Literal["all", "any"] | None
    parts: tuple[CriterionNode, ...] = ()
    facts: tuple[Fact, ...] = ()
    asks: str | None = None
    unless: str | None = None


class StepNode(Struct, frozen=True):
    """One question for one indication (or the question's only step, or one reading of it): all of ``criteria``."""

    question: str
    indication: str | None
    label: str
    criteria: tuple[CriterionNode, ...]


class SectionNode(Struct, frozen=True):
    """One section: its statements, the steps that it decides, the codes that it lists and what it does not say."""

    id: str
    title: str
    statements: tuple[Statement, ...]
    steps: tuple[StepNode, ...]
    readings: tuple[StepNode, ...]
    codes: tuple[str, ...]
    omissions: tuple[Omission, ...]


class Tree(Struct, frozen=True):
    """A whole version, to be shown on a page."""

    id: str
    version: str
    title: str
    publisher: str
    in_force_from: date
    in_force_until: date | None
    sections: tuple[SectionNode, ...]
    references: tuple[Reference, ...]


@cache
def tree(version: str = LATEST) -> Tree:
    """Give a released version as nested values. Raises ``NotFound`` for an unknown version."""
    edition = find(version)
    document = edition.document
    release = next((release for release in RELEASES if release.version == version), RELEASES[0])
    return Tree(
        id=document.id,
        version=document.version,
        title=document.title,
        publisher=document.publisher,
        in_force_from=release.in_force_from,
        in_force_until=release.in_force_until,
        sections=tuple(
            SectionNode(
                id=section.id,
                title=section.title,
                statements=section.statements,
                steps=tuple(
                    step
                    for question in document.questions
                    if question.section == section.id
                    for step in _steps(edition, question)
                ),
                readings=tuple(
                    StepNode(question.name, None, reading.label, _parts(edition, reading.rule))
                    for question in document.questions
                    if question.section == section.id
                    for reading in question.readings
                ),
                codes=section.codes,
                omissions=tuple(one for one in omissions_of(document) if one.section == section.id),
            )
            for section in document.sections
        ),
        references=document.references,
    )


def _steps(edition: Edition, question: Question) -> list[StepNode]:
    """Every step that asks for more than the choice of indication."""
    chooser = edition.facts[question.chosen_by] if question.chosen_by is not None else None
    labels = {choice.value: choice.label for choice in chooser.choices} if chooser is not None else {}
    nodes = []
    for step in question.steps:
        for indication in step.indications if chooser is None else step.indications[:1]:
            if chooser is not None and indication is None:
                continue
            label = question.label if indication is None else labels[indication]
            nodes.append(StepNode(question.name, indication, label, _parts(edition, step.rule)))
    return nodes


def _parts(edition: Edition, rule: Rule) -> tuple[CriterionNode, ...]:
    if isinstance(rule, AllOf):
        return tuple(_node(edition, part) for part in rule.of)
    return (_node(edition, rule),)


def _node(edition: Edition, rule: Rule) -> CriterionNode:
    if not isinstance(rule, str):
        joined: Literal["all", "any"] = "all" if isinstance(rule, AllOf) else "any"
        words = "All of these" if joined == "all" else "At least one of these"
        return CriterionNode(None, words, f"{words}.", joined, tuple(_node(edition, part) for part in rule.of))
    one = edition.criteria[rule]
    if isinstance(one.rule, Combination):
        joined = "all" if isinstance(one.rule, AllOf) else "any"
        parts = tuple(_node(edition, part) for part in one.rule.of)
        return CriterionNode(one.id, one.title, one.wording, joined, parts)
    facts = tuple(edition.facts[name] for name in edition.facts_of(one))
    asks = _asks(edition.facts[one.rule.fact], one.rule)
    return CriterionNode(one.id, one.title, one.wording, None, (), facts, asks, _unless(edition, one))


def _asks(fact: Fact, test: Test) -> str:
    """The limit in words: ``at least 6 months``, ``yes``, ``one of: Done; Contraindicated, reason documented``."""
    if isinstance(test, Stated):
        return "yes" if test.wanted else "no"
    if isinstance(test, AtLeast):
        return f"at least {number_words(test.limit)} {fact.unit or ''}".rstrip()
    if test.limit is not None:
        return f"at least {test.limit}"
    return "one of: " + "; ".join(choice.label for choice in fact.choices if choice.value in test.values)


def _unless(edition: Edition, criterion: Criterion) -> str | None:
    """When the criterion does not apply, as the answer to a question of the form."""
    if criterion.waived is None:
        return None
    return f"{edition.facts[criterion.waived.fact].label} {'Yes' if criterion.waived.is_ else 'No'}"
