"""Determine CMM-210.5 for one pump from its snapshot: verdicts with the facts behind them, not stored yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any, Protocol

from tracker.findings.clinic_day import day_of
from tracker.findings.fact import Fact
from tracker.findings.pump_snapshot import PumpSnapshot
from tracker.findings.replacement_facts import replacement_facts
from tracker.guideline import determine_replacement_on


@dataclass(frozen=True, slots=True)
class Judgment:
    """The columns of a determination."""

    pump_id: int
    determined_at: datetime
    as_of: datetime
    cause: str
    guideline: str
    version: str
    question: str
    outcome: str
    readings: dict[str, Any]
    criteria: list[Any]
    missing: list[Any]
    notes: list[Any]
    facts: list[Any]

    def columns(self) -> dict[str, Any]:
        """The columns by name."""
        return {name: getattr(self, name) for name in Judgment.__slots__}


class Judged(Protocol):
    """A judgment, or the row of one."""

    @property
    def version(self) -> str:
        """The guideline's version."""

    @property
    def outcome(self) -> str:
        """The outcome."""

    @property
    def criteria(self) -> Sequence[Any]:
        """The verdicts."""

    @property
    def missing(self) -> Sequence[Any]:
        """The facts that could still decide."""

    @property
    def facts(self) -> Sequence[Any]:
        """The facts."""

    @property
    def determined_at(self) -> datetime:
        """When it was made."""


def determine_from_snapshot(
    view: PumpSnapshot, *, cause: str, now: datetime, as_of: datetime | None = None
) -> Judgment:
    """Evaluate the guideline over the facts that the view gives, as of that moment (now when None)."""
    moment = as_of or now
    facts = replacement_facts(view, moment)
    line = _verdicts(tuple((fact.name, fact.value) for fact in facts), day_of(view, moment))
    return Judgment(
        pump_id=view.pump_id,
        determined_at=now,
        as_of=moment,
        cause=cause,
        guideline=line["guideline"],
        version=line["version"],
        question=line["question"],
        outcome=line["outcome"],
        readings=line["readings"],
        criteria=line["criteria"],
        missing=line["missing"],
        notes=line["notes"],
        facts=[_as_json(fact) for fact in facts],
    )


@lru_cache(maxsize=4096)
def _verdicts(facts: tuple[tuple[str, bool | None], ...], day: date) -> dict[str, Any]:
    """The answer of the version in force that day; the same few sets of facts come again. Read only: it is shared."""
    return determine_replacement_on(dict(facts), day).as_line()


def says_the_same(one: Judged, other: Judged) -> bool:
    """Whether two judgments agree in outcome, verdicts, missing facts and the facts' values."""
    return _gist(one) == _gist(other)


def _gist(row: Judged) -> tuple[Any, ...]:
    verdicts = tuple((criterion["id"], criterion["verdict"]) for criterion in row.criteria)
    values = tuple((fact["name"], fact["value"]) for fact in row.facts)
    return row.version, row.outcome, verdicts, values, tuple(row.missing)


def _as_json(fact: Fact) -> dict[str, Any]:
    source = fact.source
    told = None
    if source is not None:
        at = None if source.at is None else source.at.isoformat()
        told = {"kind": source.kind, "id": source.id, "text": source.text, "at": at}
    return {"name": fact.name, "value": fact.value, "because": fact.because, "source": told}
