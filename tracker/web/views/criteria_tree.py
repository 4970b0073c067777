"""Criteria as pages show them: the guideline's tree, joined with how each criterion stands and the facts behind it.

Used by the pump's page for a determination that is kept, and by the assessment form for one that is being made.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from tracker.guideline import CriterionVerdict, find, tree
from tracker.guideline.outline import CriterionNode, StepNode
from tracker.guideline.schema import Fact
from tracker.records.determination import Determination

_NAMED = re.compile(r"\b(\w+)(?= is (?:yes|no)\b)")


@dataclass(frozen=True, slots=True)
class Standing:
    """How a criterion stands: its verdict and the sentence that explains it."""

    verdict: str
    because: str


@dataclass(frozen=True, slots=True)
class Branch:
    """One criterion with its parts. ``standing`` is None while nothing was determined.

    ``facts`` are those that this criterion is the first on the page to ask for; ``repeated`` were asked for before.
    """

    node: CriterionNode
    standing: Standing | None
    parts: tuple[Branch, ...]
    facts: tuple[Fact, ...]
    repeated: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Judged:
    """A determination that is kept: its tree, its facts by name as they were kept, the rest in words."""

    branches: tuple[Branch, ...]
    facts: dict[str, dict[str, Any]]
    missing: list[str]
    notes: list[list[tuple[str, Fact | None]]]


def branches(
    nodes: Iterable[CriterionNode], standings: dict[str, Standing], shown: Iterable[str] = ()
) -> tuple[Branch, ...]:
    """The nodes with their standings; facts named in ``shown`` stand elsewhere on the page already."""
    seen = set(shown)
    return tuple(_branch(node, standings, seen) for node in nodes)


def criteria_asked(version: str, question: str, indication: str | None) -> tuple[CriterionNode, ...]:
    """The criteria of a question for an indication; while that is not known, those that every indication has."""
    steps = [step for step in steps_of(version) if step.question == question]
    for step in steps:
        if step.indication == indication:
            return step.criteria
    return asked_of_all(steps)


def steps_of(version: str) -> list[StepNode]:
    """Every step of a version, in the order of its sections."""
    return [step for section in tree(version).sections for step in section.steps]


def asked_of_all(steps: Iterable[StepNode]) -> tuple[CriterionNode, ...]:
    """The criteria that all of these steps have."""
    first, *others = steps
    return tuple(node for node in first.criteria if all(node in step.criteria for step in others))


def standings_of(criteria: Iterable[CriterionVerdict]) -> dict[str, Standing]:
    """An assessment's verdicts by the criterion's id."""
    return {entry.id: Standing(entry.verdict.value, entry.because) for entry in criteria}


def note_parts(note: str, version: str) -> list[tuple[str, Fact | None]]:
    """A note in pieces: where it names a fact, the fact stands beside the name, so that a page can put it in words."""
    facts = find(version).facts
    return [(piece, facts.get(piece)) for piece in _NAMED.split(note) if piece]


def criteria_of(determination: Determination) -> Judged:
    """The criteria of a determination that is kept, as the guideline's version of that time nests them."""
    version = determination.version
    standings = {entry["id"]: Standing(entry["verdict"], entry["because"]) for entry in determination.criteria}
    labels = find(version).facts
    return Judged(
        branches=branches(criteria_asked(version, determination.question, None), standings),
        facts={fact["name"]: fact for fact in determination.facts},
        missing=[labels[name].label if name in labels else name for name in determination.missing],
        notes=[note_parts(note, version) for note in determination.notes],
    )


def _branch(node: CriterionNode, standings: dict[str, Standing], seen: set[str]) -> Branch:
    parts = tuple(_branch(part, standings, seen) for part in node.parts)
    facts = tuple(fact for fact in node.facts if fact.name not in seen)
    repeated = tuple(fact for fact in node.facts if fact.name in seen)
    seen.update(fact.name for fact in facts)
    return Branch(node, standings.get(node.id or ""), parts, facts, repeated)
