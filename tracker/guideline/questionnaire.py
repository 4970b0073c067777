"""What a form has to ask for each question: the facts in plain words, with their type, values and limits."""

from __future__ import annotations

from functools import cache

from msgspec import Struct

from tracker.guideline.catalogue import LATEST, find
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.schema import Fact, Question, Step


class FactAsked(Struct, frozen=True):
    """One fact of a form, and the criteria that it helps to settle (none: it only brings a note)."""

    fact: Fact
    criteria: tuple[str, ...]


class StepForm(Struct, frozen=True):
    """The facts asked for one indication (None: the question has no indication), in the criteria's order."""

    indication: str | None
    label: str
    facts: tuple[FactAsked, ...]


class QuestionForm(Struct, frozen=True):
    """One question: ``first`` are the facts asked whatever the indication is, ``steps`` the rest by indication."""

    name: str
    section: str
    label: str
    first: tuple[Fact, ...]
    steps: tuple[StepForm, ...]


@cache
def questions(version: str = LATEST) -> tuple[QuestionForm, ...]:
    """Give the form of every question of a version. Raises ``NotFound`` for an unknown version."""
    edition = find(version)
    return tuple(_form(edition, question) for question in edition.document.questions)


def _form(edition: Edition, question: Question) -> QuestionForm:
    first = [edition.facts[edition.document.scope.fact]]
    labels: dict[str, str] = {}
    if question.chosen_by is not None:
        chooser = edition.facts[question.chosen_by]
        first.append(chooser)
        labels = {choice.value: choice.label for choice in chooser.choices}
    steps = [
        StepForm(
            indication, question.label if indication is None else labels[indication], _facts(edition, question, step)
        )
        for step in question.steps
        for indication in step.indications
        if indication is not None or question.chosen_by is None
    ]
    return QuestionForm(question.name, question.section, question.label, tuple(first), tuple(steps))


def _facts(edition: Edition, question: Question, step: Step) -> tuple[FactAsked, ...]:
    """The facts of a step's own tests, then those that only bring a note; the one that chose the step is not asked."""
    criteria: dict[str, list[str]] = {}
    for name in step.criteria:
        rule = edition.criteria[name].rule
        if not hasattr(rule, "of"):
            for fact in edition.facts_of(name):
                criteria.setdefault(fact, []).append(name)
    for remark in step.remarks:
        for fact in remark.all_true:
            criteria.setdefault(fact, [])
    criteria.pop(question.chosen_by or "", None)
    return tuple(FactAsked(edition.facts[fact], tuple(names)) for fact, names in criteria.items())
