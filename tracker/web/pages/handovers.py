"""Hand-overs of pumps between clinics: what is offered to this clinic, and what it offered."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.pumps.hand_over_pump import accept_pump, confirm_outside, handover_of, withdraw_offer
from tracker.errors import NotFound, TrackerError
from tracker.records.handover import Handover, incoming, outgoing
from tracker.records.pump import Pump, clinics_by_id
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.enrol import accepted
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.pages.pumps import model_name
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
SHOWN = 100
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Giver = Annotated[Person, requires("pumps.lifecycle")]
Word = Annotated[str, Form(max_length=80)]
Reason = Annotated[str, Form(max_length=1000)]
Act = Callable[[Session, Handover, Pump, datetime], None]


@router.get("/handovers", response_class=HTMLResponse)
def handovers(request: Request, web: Context, person: Annotated[Person, requires("pumps.read")]) -> HTMLResponse:
    """Pumps that other clinics offer to this one, and this clinic's own offers with what became of them."""
    return _show(request, web, person)


@router.post("/handovers/{handover_id}/accept")
def accept(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("pumps.enrol")],
    handover_id: Number,
    patient_reference: Word = "",
    unit: Word = "",
) -> Response:
    """Follow the patient from now on: the pump comes with its history, alarms and tasks."""

    def act(session: Session, row: Handover, pump: Pump, now: datetime) -> None:
        if row.to_clinic_id != person.clinic_id:
            raise NotFound("nothing is offered to your clinic by that number")
        own = {"patient_reference": patient_reference.strip() or None, "unit": unit.strip() or None}
        accept_pump(session, pump, person.clinic_id, details=own, by=person.email, now=now)
        audit.record_all(session, accepted(row, pump, person.email, now))

    return _act(request, web, person, handover_id, "handover-accepted", act)


@router.post("/handovers/{handover_id}/withdraw")
def withdraw(request: Request, web: Context, person: Giver, handover_id: Number, reason: Reason = "") -> Response:
    """The pump stays where it is: its clinic takes the offer back, or the other one declines it."""

    def act(session: Session, row: Handover, pump: Pump, now: datetime) -> None:
        withdraw_offer(session, row, reason=reason, by=person.email, now=now)
        for clinic_id in sorted({row.from_clinic_id, person.clinic_id}):
            detail: dict[str, Any] = {"handover": row.id, "reason": reason.strip()}
            subject = f"pump:{pump.serial}"
            enter(session, person, Event.HANDOVER_WITHDRAWN, subject, now, clinic_id=clinic_id, **detail)

    return _act(request, web, person, handover_id, "handover-withdrawn", act)


@router.post("/handovers/{handover_id}/confirm")
def confirm(
    request: Request,
    web: Context,
    person: Giver,
    handover_id: Number,
    outside: Annotated[str, Form(max_length=200)] = "",
) -> Response:
    """A clinic that works without this tracker follows the patient."""

    def act(session: Session, row: Handover, pump: Pump, now: datetime) -> None:
        if row.from_clinic_id != person.clinic_id:
            raise NotFound("your clinic offered nothing by that number")
        confirm_outside(session, row, outside=outside, by=person.email, now=now)
        detail: dict[str, Any] = {"handover": row.id, "outside": outside.strip()}
        enter(session, person, Event.HANDOVER_CONFIRMED, f"pump:{pump.serial}", now, **detail)

    return _act(request, web, person, handover_id, "handover-confirmed", act)


def _act(request: Request, web: Web, person: Person, handover_id: int, said: str, act: Act) -> Response:
    now = web.clock()
    try:
        with web.database.writing() as session:
            row, pump = handover_of(session, handover_id, person.clinic_id)
            act(session, row, pump, now)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, at_fault=handover_id)
    return back_to("/handovers", said)


def _show(
    request: Request, web: Web, person: Person, fault: TrackerError | None = None, at_fault: int | None = None
) -> HTMLResponse:
    now = web.clock()
    with web.database.reading() as session:
        offered = incoming(session, person.clinic_id, SHOWN)
        sent = outgoing(session, person.clinic_id, SHOWN)
        names = {number: clinic.name for number, clinic in clinics_by_id(session).items()}
    web.trail.read(person, "handovers", "page", now, count=len(offered) + len(sent))
    return page(
        request,
        person,
        "handovers.html",
        status_code=fault.status if fault else 200,
        offered=offered,
        sent=sent,
        clinics=names,
        model_name=model_name,
        fault=fault,
        at_fault=at_fault,
    )
