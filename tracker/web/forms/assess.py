"""The assessment form: the answers as typed, read into facts, and the evaluation of what is known so far.

Every answer that can't be read stays as it was typed, with its fault beside it; while there is one, there is no
outcome. Answers to questions that the form does not show at the moment are carried along and have no part in it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from tracker.errors import Invalid
from tracker.guideline import Assessment, determine, find, questions
from tracker.guideline.facts import FactValue
from tracker.guideline.questionnaire import QuestionForm
from tracker.guideline.schema import Fact
from tracker.web.views.criteria_tree import Branch, branches, criteria_asked, standings_of

LONGEST: Final = 40
_YES_OR_NO: Final = {"yes": True, "no": False}
_WHOLE = re.compile(r"[+-]?[0-9]{1,18}")
_NUMBER = re.compile(r"[+-]?([0-9]{1,18}(\.[0-9]{0,18})?|\.[0-9]{1,18})")


@dataclass(frozen=True, slots=True)
class AssessForm:
    """One question with the answers to it.

    ``first`` are the facts asked whatever the indication is, ``tree`` the criteria with the facts of each, ``beside``
    the facts that settle no criterion and only bring a note. ``typed`` holds every answer as text, ``faults`` why one
    can't be read, ``kept`` the answers that are carried along. ``assessment`` is None while there is a fault.
    """

    version: str
    question: QuestionForm
    indication: str | None
    first: tuple[Fact, ...]
    tree: tuple[Branch, ...]
    beside: tuple[Fact, ...]
    typed: Mapping[str, str]
    faults: Mapping[str, str]
    kept: Mapping[str, str]
    assessment: Assessment | None

    @property
    def labels(self) -> dict[str, str]:
        """Every fact of the version in plain words."""
        return {name: fact.label for name, fact in find(self.version).facts.items()}

    @property
    def reading_labels(self) -> dict[str, str]:
        """Each reading of a doubtful sentence in plain words, by its name."""
        return {reading.name: reading.label for reading in find(self.version).questions[self.question.name].readings}

    @property
    def answered(self) -> int:
        """How many of the questions that are shown have an answer."""
        return sum(1 for name, text in self.typed.items() if text and name not in self.kept)

    def control(self, name: str) -> str:
        """The id of the control, or of the first of the controls, that answers a fact."""
        return f"{name}-yes" if find(self.version).facts[name].kind == "boolean" else name


def read_answers(version: str, given: Mapping[str, Any]) -> AssessForm:
    """Read the form as it was sent, or as an address fills it. Raises ``Invalid`` for an unknown question."""
    edition = find(version)
    forms = {form.name: form for form in questions(version)}
    name = given.get("question") or next(iter(forms))
    if name not in forms:
        raise Invalid("there is no such question", field="question")
    form = forms[name]
    typed = {fact: text for fact in edition.facts if (text := _text(given.get(fact)))}
    facts: dict[str, FactValue] = {}
    faults: dict[str, str] = {}
    chooser = edition.questions[name].chosen_by
    if chooser is not None:
        _read(edition.facts[chooser], typed, facts, faults)
    chosen = facts.get(chooser or "")
    indication = chosen if isinstance(chosen, str) else None
    asked = next((step.facts for step in form.steps if step.indication == indication), ())
    shown = (*form.first, *(one.fact for one in asked))
    for fact in shown:
        if fact.name != chooser:
            _read(fact, typed, facts, faults)
    assessment = None
    try:
        if not faults:
            assessment = determine(name, facts, version)
    except Invalid as fault:
        faults[fault.field or name] = _sentence(fault)
    standings = standings_of(assessment.criteria) if assessment is not None else {}
    nodes = criteria_asked(version, name, indication)
    shown_names = {fact.name for fact in shown}
    return AssessForm(
        version=version,
        question=form,
        indication=indication,
        first=form.first,
        tree=branches(nodes, standings, {fact.name for fact in form.first}),
        beside=tuple(one.fact for one in asked if not one.criteria),
        typed=typed,
        faults=faults,
        kept={fact: text for fact, text in typed.items() if fact not in shown_names},
        assessment=assessment,
    )


def _text(value: object) -> str:
    return value.strip()[: LONGEST + 1] if isinstance(value, str) else ""


def _read(fact: Fact, typed: Mapping[str, str], facts: dict[str, FactValue], faults: dict[str, str]) -> None:
    """Read one answer into ``facts`` or say in ``faults`` why it can't be read; an empty one is not known."""
    text = typed.get(fact.name, "")
    if not text:
        return
    try:
        facts[fact.name] = _value(fact, text)
    except Invalid as fault:
        faults[fact.name] = _sentence(fault)


def _value(fact: Fact, text: str) -> FactValue:
    match fact.kind:
        case "boolean":
            if text not in _YES_OR_NO:
                raise Invalid("answer yes, no or not known.", field=fact.name)
            return _YES_OR_NO[text]
        case "choice":
            if all(choice.value != text for choice in fact.choices):
                raise Invalid("choose one of the answers given.", field=fact.name)
            return text
        case "number" | "integer":
            number = _number(fact, text)
            _check_limits(fact, number)
            return number


def _number(fact: Fact, text: str) -> int | float:
    if _WHOLE.fullmatch(text):
        return int(text)
    if fact.kind == "integer":
        raise Invalid("write a whole number, such as 2.", field=fact.name)
    if not _NUMBER.fullmatch(text):
        raise Invalid("write a number, such as 6 or 2.5, with a point and no unit.", field=fact.name)
    return float(text)


def _check_limits(fact: Fact, number: float) -> None:
    unit = f" {fact.unit}" if fact.unit else ""
    if fact.minimum is not None and number < fact.minimum:
        raise Invalid(f"can't be less than {fact.minimum:g}{unit}.", field=fact.name)
    if fact.maximum is not None and number > fact.maximum:
        raise Invalid(f"can't be more than {fact.maximum:g}{unit}.", field=fact.name)


def _sentence(fault: Invalid) -> str:
    """The fault without the field's name, which it stands beside."""
    text = fault.detail.removeprefix(f"{fault.field}: ")
    return text[:1].upper() + text[1:]
