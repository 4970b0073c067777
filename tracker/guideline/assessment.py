"""What an evaluation answers: the outcome, every criterion with its verdict and its reason, and what is missing."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

from msgspec import Struct


class Outcome(StrEnum):
    """What the guideline says to the question asked."""

    MEDICALLY_NECESSARY = "medically_necessary"
    NOT_MEDICALLY_NECESSARY = "not_medically_necessary"
    EXPERIMENTAL = "experimental_investigational_unproven"
    NEEDS_INFORMATION = "needs_information"
    OUTSIDE_GUIDELINE = "outside_guideline"

    @property
    def words(self) -> str:
        """The outcome as it stands within a sentence."""
        return _OUTCOME_WORDS[self]


_OUTCOME_WORDS = {
    Outcome.MEDICALLY_NECESSARY: "medically necessary",
    Outcome.NOT_MEDICALLY_NECESSARY: "not medically necessary",
    Outcome.EXPERIMENTAL: "experimental, investigational or unproven",
    Outcome.NEEDS_INFORMATION: "undecided for want of information",
    Outcome.OUTSIDE_GUIDELINE: "outside the guideline",
}


class Verdict(StrEnum):
    """The verdict of one criterion by the facts given."""

    MET = "met"
    NOT_MET = "not_met"
    UNKNOWN = "unknown"
    NOT_APPLICABLE = "not_applicable"


class CriterionVerdict(Struct, frozen=True):
    """One criterion as it stands: the verdict, the sentence that explains it, and the facts that settle it."""

    id: str
    section: str
    title: str
    verdict: Verdict
    because: str
    facts: tuple[str, ...]


class Assessment(Struct, frozen=True):
    """The whole answer to one question.

    ``missing`` names the facts, not known, whose value could still decide the outcome; it is empty unless the outcome
    is ``needs_information``. ``readings`` holds one outcome for each way to read a doubtful sentence, and is None for
    a question without one.
    """

    guideline: str
    version: str
    question: str
    outcome: Outcome
    criteria: tuple[CriterionVerdict, ...]
    missing: tuple[str, ...]
    notes: tuple[str, ...]
    readings: dict[str, Outcome] | None = None

    def as_line(self) -> dict[str, Any]:
        """Give the answer as plain JSON values, in the shape that the command and the API write."""
        line: dict[str, Any] = {
            "guideline": self.guideline,
            "version": self.version,
            "question": self.question,
            "outcome": self.outcome.value,
            "criteria": [
                {"id": entry.id, "section": entry.section, "verdict": entry.verdict.value, "because": entry.because}
                for entry in self.criteria
            ],
            "missing": list(self.missing),
            "notes": list(self.notes),
        }
        if self.readings is not None:
            line["readings"] = {name: outcome.value for name, outcome in self.readings.items()}
        return line
