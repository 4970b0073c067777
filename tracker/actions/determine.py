"""Determine a replacement: the facts with their sources, the guideline's verdicts, one row appended."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from tracker.actions.view_as_of import view_as_of
from tracker.actions.view_pumps import view_pumps
from tracker.findings.replacement_facts import Fact, replacement_facts
from tracker.findings.view import PumpView
from tracker.guideline import determine_replacement
from tracker.records.columns import key
from tracker.records.determination import AS_OF, Determination
from tracker.records.pump import Pump


def determine(
    session: Session, pump: Pump, *, cause: str, now: datetime, as_of: datetime | None = None
) -> Determination:
    """Evaluate CMM-210.5 for the pump and append the determination, whether or not anything changed.

    With ``as_of`` only what was received and entered by then is used, and the row says that it answers about the past.
    """
    if as_of is None:
        row = determination_of(view_pumps(session, [key(pump.id)])[key(pump.id)], cause=cause, now=now)
    else:
        row = determination_of(view_as_of(session, pump, as_of), cause=AS_OF, now=now, as_of=as_of)
    session.add(row)
    session.flush()
    return row


def determination_of(view: PumpView, *, cause: str, now: datetime, as_of: datetime | None = None) -> Determination:
    """The determination that the view leads to, not stored yet."""
    moment = as_of or now
    facts = replacement_facts(view, moment)
    assessment = determine_replacement({fact.name: fact.value for fact in facts})
    line = assessment.as_line()
    return Determination(
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


def says_the_same(one: Determination, other: Determination) -> bool:
    """Whether two determinations agree in outcome, verdicts, missing facts and the facts' values."""
    return _gist(one) == _gist(other)


def _gist(row: Determination) -> tuple[Any, ...]:
    verdicts = tuple((criterion["id"], criterion["verdict"]) for criterion in row.criteria)
    values = tuple((fact["name"], fact["value"]) for fact in row.facts)
    return row.version, row.outcome, verdicts, values, tuple(row.missing)


def _as_json(fact: Fact) -> dict[str, Any]:
    source = fact.source
    return {
        "name": fact.name,
        "value": fact.value,
        "because": fact.because,
        "source": None
        if source is None
        else {
            "kind": source.kind,
            "id": source.id,
            "text": source.text,
            "at": None if source.at is None else source.at.isoformat(),
        },
    }
