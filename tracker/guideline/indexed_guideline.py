"""A guideline made ready for use: the data of one version, with the look-ups that every evaluation needs."""

from __future__ import annotations

from tracker.guideline.schema import Combination, Criterion, Fact, Guideline, Link, Question, Rule, Step


class Edition:
    """One version of the guideline with its facts, criteria and steps found by name. Never changed once made."""

    __slots__ = ("_steps", "asked", "by_link", "criteria", "document", "facts", "needed", "questions", "tested_by")

    def __init__(self, document: Guideline) -> None:
        self.document = document
        self.facts: dict[str, Fact] = {fact.name: fact for fact in document.facts}
        self.criteria: dict[str, Criterion] = {criterion.id: criterion for criterion in document.criteria}
        self.questions: dict[str, Question] = {question.name: question for question in document.questions}
        self.by_link: dict[str, Link] = {link.fact: link for link in document.links}
        self.asked: dict[str, dict[str, Fact]] = {
            name: {fact.name: fact for fact in document.facts if name in fact.asked_in} for name in self.questions
        }
        self._steps: dict[tuple[str, str | None], Step] = {
            (question.name, indication): step
            for question in document.questions
            for step in question.steps
            for indication in step.indications
        }
        self.needed: dict[str, tuple[str, ...]] = {name: self.facts_of(name) for name in self.criteria}
        self.tested_by: dict[str, frozenset[str]] = {
            fact: frozenset(
                criterion.id
                for criterion in document.criteria
                if not isinstance(criterion.rule, Combination) and criterion.rule.fact == fact
            )
            for fact in self.facts
        }

    def step(self, question: Question, indication: str | None) -> Step:
        """Find the criteria of a question for an indication (None: not known, or the question has none)."""
        return self._steps[question.name, indication]

    def facts_of(self, rule: Rule | Criterion) -> tuple[str, ...]:
        """Name the facts that settle a criterion or a rule, each once, in the order of the rule."""
        if isinstance(rule, str):
            return self.facts_of(self.criteria[rule])
        if isinstance(rule, Criterion):
            if isinstance(rule.rule, Combination):
                return self.facts_of(rule.rule)
            names = [rule.rule.fact]
            if rule.waived is not None:
                names.append(rule.waived.fact)
            if (link := self.by_link.get(rule.rule.fact)) is not None:
                names.append(link.when)
            return tuple(names)
        return tuple(dict.fromkeys(name for part in rule.of for name in self.facts_of(part)))
