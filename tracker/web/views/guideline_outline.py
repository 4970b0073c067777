"""The guideline as its page lays it out: every criterion told once, and named by a link wherever it comes again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tracker.coding.codes import CODES, ONE_A_DAY, Code
from tracker.guideline import Outcome, Verdict, determine, find, tree
from tracker.guideline.indexed_guideline import Edition
from tracker.guideline.outline import CriterionNode, SectionNode, StepNode
from tracker.web.views.criteria_tree import asked_of_all, steps_of
from tracker.web.views.formatting import word


@dataclass(frozen=True, slots=True)
class Asked:
    """What one question asks for one indication: ``own`` criteria told here, ``again`` those told before."""

    question: str
    own: tuple[CriterionNode, ...]
    again: tuple[CriterionNode, ...]


@dataclass(frozen=True, slots=True)
class Use:
    """One indication (None where the question has none) with what each question asks for it."""

    indication: str | None
    label: str
    asked: tuple[Asked, ...]


@dataclass(frozen=True, slots=True)
class Refused:
    """An indication for which no criteria are written, and what the evaluation answers to it."""

    indication: str
    label: str
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class ReadingShown:
    """One way to read a doubtful sentence, and whether it gives the outcome."""

    name: str
    step: StepNode
    headline: bool


@dataclass(frozen=True, slots=True)
class CodeRow:
    """One procedure code with what tells it from its neighbours, in words."""

    code: Code
    kind: str
    details: tuple[str, ...]
    listed: bool
    one_a_day: bool


@dataclass(frozen=True, slots=True)
class SectionShown:
    """One section of the page. ``of_every_use`` are criteria of this section that every indication has."""

    node: SectionNode
    of_every_use: tuple[CriterionNode, ...]
    uses: tuple[Use, ...]
    refused: tuple[Refused, ...]
    readings: tuple[ReadingShown, ...]
    codes: tuple[CodeRow, ...]


def sections_shown(version: str) -> tuple[SectionShown, ...]:
    """The version's sections in their order. Raises ``NotFound`` for an unknown version."""
    edition = find(version)
    sections = tree(version).sections
    shared = {
        node.id: node
        for section in sections
        if (steps := [step for step in section.steps if step.indication is not None])
        for node in asked_of_all(steps)
    }
    told = {name for name in shared if name is not None}
    refused = _refused(edition)
    return tuple(
        SectionShown(
            node=section,
            of_every_use=tuple(
                node for name, node in shared.items() if name and edition.criteria[name].section == section.id
            ),
            uses=_uses(section, told),
            refused=tuple(refused.get(section.id, ())),
            readings=_readings(version, section),
            codes=tuple(_code_row(code, section.codes) for code in CODES) if section.codes else (),
        )
        for section in sections
    )


def _uses(section: SectionNode, told: set[str]) -> tuple[Use, ...]:
    """The indications that ask for more than every use does; what is told here is added to ``told``."""
    found = []
    for indication in dict.fromkeys(step.indication for step in section.steps):
        steps = [step for step in section.steps if step.indication == indication]
        asked = []
        for step in steps:
            own = tuple(node for node in step.criteria if node.id not in told)
            again = tuple(node for node in step.criteria if node.id in told)
            told.update(_names(own))
            asked.append(Asked(step.question, own, again))
        if any(one.own for one in asked):
            found.append(Use(indication, steps[0].label, tuple(asked)))
    return tuple(found)


def _refused(edition: Edition) -> dict[str, list[Refused]]:
    """The indications for which no criteria are written, by the section of the last criterion that they fail."""
    found: dict[str, list[Refused]] = {}
    written = {step.indication for step in steps_of(edition.document.version)}
    for question in edition.document.questions:
        chooser = edition.facts.get(question.chosen_by or "")
        for choice in chooser.choices if chooser is not None else ():
            if choice.value not in written:
                written.add(choice.value)
                answer = determine(question.name, {question.chosen_by: choice.value}, edition.document.version)
                failed = [one.section for one in answer.criteria if one.verdict is Verdict.NOT_MET]
                found.setdefault(failed[-1] if failed else question.section, []).append(
                    Refused(choice.value, choice.label, answer.outcome)
                )
    return found


def _readings(version: str, section: SectionNode) -> tuple[ReadingShown, ...]:
    questions = find(version).questions
    return tuple(
        ReadingShown(reading.name, step, reading.headline)
        for step in section.readings
        for reading in questions[step.question].readings
        if reading.label == step.label
    )


def _names(nodes: Iterable[CriterionNode]) -> set[str]:
    found = set()
    for node in nodes:
        found |= _names(node.parts)
        if node.id is not None:
            found.add(node.id)
    return found


def _code_row(code: Code, listed: tuple[str, ...]) -> CodeRow:
    details = [word(value) for value in (code.device, code.region) if value is not None]
    told: list[tuple[bool | None, str, str]] = [
        (code.imaging, "with imaging", "without imaging"),
        (code.laminectomy, "with laminectomy", "without laminectomy"),
        (code.refilled, "refilled", "not refilled"),
        (code.reprogrammed, "reprogrammed", "not reprogrammed"),
        (code.professional_skill, "professional skill needed", "no professional skill needed"),
    ]
    details += [yes if value else no for value, yes, no in told if value is not None]
    return CodeRow(code, word(code.act), tuple(details), code.number in listed, code.number in ONE_A_DAY)
