"""What the API says of a determination."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, Field

from tracker.records.determination import Determination

OutcomeName = Literal[
    "medically_necessary",
    "not_medically_necessary",
    "experimental_investigational_unproven",
    "needs_information",
    "outside_guideline",
]


class CriterionShown(BaseModel):
    """One criterion's verdict and why."""

    id: str
    section: str
    verdict: Literal["met", "not_met", "unknown", "not_applicable"]
    because: str


class Readings(BaseModel):
    """The outcome under each of the two readings of the guideline's sentence."""

    alternatives: OutcomeName
    joint: OutcomeName


class Source(BaseModel):
    """The record that a fact comes from."""

    kind: str
    id: str | int | None
    text: str
    at: datetime | None


class FactShown(BaseModel):
    """A fact as it stood, with its source; a null value is not known."""

    name: str
    value: Any
    because: str
    source: Source | None


class DeterminationShown(BaseModel):
    """One evaluation of the replacement criteria, with all that it rests on. It is never changed afterwards."""

    id: int
    determined_at: datetime
    as_of: datetime = Field(description="only what was received and entered by then was used")
    cause: str
    guideline: str
    version: str
    question: str
    outcome: OutcomeName
    readings: Readings
    criteria: list[CriterionShown]
    missing: list[str]
    notes: list[str]
    facts: list[FactShown]


def determination_of(row: Determination) -> dict[str, Any]:
    """A determination's fields."""
    return {name: getattr(row, name) for name in DeterminationShown.model_fields}
