"""Recalls and advisories that cover a pump, and what was decided for its patient."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.advisories.acknowledge_advisory import acknowledge_advisory
from tracker.actions.audit_events import Event
from tracker.records.advisory import Advisory, AdvisoryMatch, advisories_of
from tracker.records.column_types import key
from tracker.records.pump import Pump
from tracker.records.queries.advisories import owners_of
from tracker.web.api.acting import Told, do, row_of
from tracker.web.api.field_types import Given, Page, RowId, Sentence, Serial
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["advisories"])


class Decision(Given):
    """What was decided for the patient."""

    note: Annotated[Sentence, StringConstraints(min_length=1)]


class PumpAdvisory(BaseModel):
    """An advisory that covers the pump; it waits until `acknowledged_at`."""

    id: int
    reference: str
    title: str
    action: str
    published_on: date
    source: str
    covered: Literal["yes", "maybe"] = Field(description="maybe: a part of the notice could not be read; ask the maker")
    classification: str | None
    ended_on: date | None
    matched_at: datetime
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    owner: str | None = Field(
        description="the clinic that loaded it, whose administrators may change it while it covers no other clinic's "
        "pumps; null: the installation's, which its operator changes"
    )


@router.get("/pumps/{serial}/advisories", response_model=Page[PumpAdvisory])
def listed(serial: Serial, web: Context, person: Annotated[Person, requires("advisories.read")]) -> dict[str, Any]:
    """The advisories that cover the pump, newest first, all on one page."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        rows = advisories_of(session, key(pump.id))
        owners = owners_of(session, [advisory for _, advisory in rows])
    web.trail.read(person, f"pump:{serial}", "advisories", now, clinic_id=pump.clinic_id)
    return {"items": [_shown(match, advisory, owners) for match, advisory in rows], "next": None}


@router.post("/pumps/{serial}/advisories/{match_id}/acknowledge", response_model=PumpAdvisory)
def acknowledge(
    serial: Serial,
    match_id: RowId,
    given: Decision,
    web: Context,
    person: Annotated[Person, requires("advisories.handle")],
) -> dict[str, Any]:
    """Acknowledge an advisory for this pump, with what was decided; `match_id` is the `id` of the list."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row_of(session, AdvisoryMatch, match_id, pump)
        match = acknowledge_advisory(session, match_id, note=given.note, by=person.email, now=now)
        advisory = session.get_one(Advisory, match.advisory_id)
        told = _shown(match, advisory, owners_of(session, [advisory]))
        return told, {"advisory": match.advisory_id, "note": given.note.strip()}

    return do(web, person, serial, Event.ADVISORY_ACKNOWLEDGED, act)


_NOTICE = ("reference", "title", "action", "published_on", "source", "classification", "ended_on")


def _shown(match: AdvisoryMatch, advisory: Advisory, owners: Mapping[int, str]) -> dict[str, Any]:
    told = {name: getattr(advisory, name) for name in _NOTICE}
    told["owner"] = None if advisory.clinic_id is None else owners.get(advisory.clinic_id)
    names = ("id", "covered", "matched_at", "acknowledged_at", "acknowledged_by", "note")
    return told | {name: getattr(match, name) for name in names}
