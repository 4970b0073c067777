"""Hand-overs of pumps between clinics: offer one, accept it, withdraw the offer, or confirm a clinic elsewhere."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.pumps.hand_over_pump import (
    accept_pump,
    confirm_outside,
    handover_of,
    offer_pump,
    withdraw_offer,
)
from tracker.errors import NotFound
from tracker.records.column_types import key
from tracker.records.handover import Handover, incoming, outgoing
from tracker.records.pump import Pump, clinics_by_id
from tracker.web.api.acting import Told, do
from tracker.web.api.field_types import (
    NO_NUL,
    Cursor,
    Given,
    Limit,
    Page,
    RowId,
    Sentence,
    Serial,
    Short,
    fitting,
    paged,
    place_in,
)
from tracker.web.app_state import Context
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.enrol import accepted

router = APIRouter(prefix="/api/v1", tags=["hand-overs"])
Giver = Annotated[Person, requires("pumps.lifecycle")]
Required = Annotated[Sentence, StringConstraints(min_length=1)]


class Offer(Given):
    """To which clinic, and why."""

    to: Annotated[str, StringConstraints(max_length=120, pattern=NO_NUL)] | None = Field(
        None, description="the clinic's name; null where it is left open, or where it does not work with this tracker"
    )
    reason: Sentence = ""


class Acceptance(Given):
    """The new clinic's own number of the patient, and the unit that follows them; the old clinic's are not shown."""

    patient_reference: Short | None = None
    unit: Short | None = None


class HandoverWithdrawal(Given):
    """Why the patient stays."""

    reason: Required


class HandoverConfirmation(Given):
    """Which clinic, working without this tracker, follows the patient, and who there said so."""

    outside: Annotated[str, StringConstraints(min_length=1, max_length=200, pattern=NO_NUL)] = Field(
        examples=["Mercy Hospital, Dr. Lee by phone"]
    )


class HandoverShown(BaseModel):
    """An offer; the pump is `from_clinic`'s until `accepted_at`."""

    id: int
    serial: str
    model: str
    from_clinic: str
    to_clinic: str | None = Field(description="null where it is left open")
    state: Literal["offered", "accepted", "outside", "withdrawn"]
    reason: str
    offered_by: str
    offered_at: datetime
    accepted_by: str | None
    accepted_at: datetime | None
    outside: str | None
    withdrawn_by: str | None
    withdrawn_at: datetime | None
    withdrawn_reason: str | None


@router.post("/pumps/{serial}/handover", status_code=201, response_model=HandoverShown)
def offer(serial: Serial, given: Offer, web: Context, person: Giver) -> dict[str, Any]:
    """Offer the pump to another clinic. It stays yours, with its alarms and tasks, until that one has accepted."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row = offer_pump(session, pump, to=given.to, reason=given.reason, by=person.email, now=now)
        return shown(session, row, pump), {"handover": row.id, "to": given.to or "", "reason": given.reason}

    return do(web, person, serial, Event.HANDOVER_OFFERED, act)


@router.get("/handovers", response_model=Page[HandoverShown])
def listed(
    web: Context,
    person: Annotated[Person, requires("pumps.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
    sent: Annotated[bool, Query(description="what your clinic offered, whatever became of it")] = False,
) -> dict[str, Any]:
    """The open offers to your clinic, newest first; with `sent`, those of your clinic. No patient is named."""
    now = web.clock()
    scope = f"handovers {person.clinic_id} {sent}"
    place = place_in(web, scope, cursor, int)
    with web.database.reading() as session:
        read = outgoing if sent else incoming
        rows = read(session, person.clinic_id, limit + 1, place[0] if place else None)
        told = {row.id: shown(session, row, pump) for row, pump in rows}
    web.trail.read(person, "handovers", "list", now, count=min(limit, len(rows)))
    return paged(web, scope, rows, limit, place=lambda row: [key(row[0].id)], show=lambda row: told[row[0].id])


@router.post("/handovers/{handover_id}/accept", response_model=HandoverShown)
def accept(
    handover_id: RowId, given: Acceptance, web: Context, person: Annotated[Person, requires("pumps.enrol")]
) -> dict[str, Any]:
    """Take the pump over with its history, alarms and tasks. One that is left open is taken over by enrolling it."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        row, pump = handover_of(session, handover_id, person.clinic_id)
        if row.to_clinic_id != person.clinic_id:
            raise NotFound("nothing is offered to your clinic by that number")
        row = accept_pump(session, pump, person.clinic_id, details=given.model_dump(), by=person.email, now=now)
        told = shown(session, row, pump)
        audit.record_all(session, accepted(row, pump, person.email, now))
    return told


@router.post("/handovers/{handover_id}/withdraw", response_model=HandoverShown)
def withdraw(handover_id: RowId, given: HandoverWithdrawal, web: Context, person: Giver) -> dict[str, Any]:
    """Take the offer back, or decline it: the pump stays where it is."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        row, pump = handover_of(session, handover_id, person.clinic_id)
        row = withdraw_offer(session, row, reason=given.reason, by=person.email, now=now)
        told = shown(session, row, pump)
        detail = {"handover": row.id, "reason": given.reason}
        for clinic_id in sorted({row.from_clinic_id, person.clinic_id}):
            enter(session, person, Event.HANDOVER_WITHDRAWN, f"pump:{pump.serial}", now, clinic_id=clinic_id, **detail)
    return told


@router.post("/handovers/{handover_id}/confirm", response_model=HandoverShown)
def confirm(handover_id: RowId, given: HandoverConfirmation, web: Context, person: Giver) -> dict[str, Any]:
    """A clinic that does not work with this tracker follows the patient: the pump is transferred from now on."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        row, pump = handover_of(session, handover_id, person.clinic_id)
        if row.from_clinic_id != person.clinic_id:
            raise NotFound("your clinic offered nothing by that number")
        row = confirm_outside(session, row, outside=given.outside, by=person.email, now=now)
        told = shown(session, row, pump)
        enter(
            session,
            person,
            Event.HANDOVER_CONFIRMED,
            f"pump:{pump.serial}",
            now,
            handover=row.id,
            outside=given.outside,
        )
    return told


def shown(session: Session, row: Handover, pump: Pump) -> dict[str, Any]:
    """An offer as either clinic may see it: without the patient."""
    names = {number: clinic.name for number, clinic in clinics_by_id(session).items()}
    state = "offered"
    if row.withdrawn_at is not None:
        state = "withdrawn"
    elif row.accepted_at is not None:
        state = "outside" if row.outside else "accepted"
    told = {name: getattr(row, name) for name in HandoverShown.model_fields if hasattr(row, name)}
    return told | {
        "serial": pump.serial,
        "model": pump.model,
        "from_clinic": names[row.from_clinic_id],
        "to_clinic": None if row.to_clinic_id is None else names[row.to_clinic_id],
        "state": state,
    }
