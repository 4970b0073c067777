"""One visit: what was done, its code and why; confirm a draft, amend it, withdraw it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session, col, select

from devices.models import catalogue
from tracker.actions.audit_events import Event
from tracker.actions.visits.amend_visit import AMENDABLE, amend_visit
from tracker.actions.visits.confirm_visit import confirm_visit
from tracker.actions.visits.withdraw_visit import withdraw_visit
from tracker.errors import Conflict, NotFound, TrackerError
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.pump import Pump
from tracker.records.visit import Visit, amendments, visit_by_id
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.forms.visit import MODES, VOLUMES, VisitForm, fill_as_kept, form_of
from tracker.web.pages.visits import Typed, preview
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Reader = Annotated[Person, requires("visits.read")]
Logger = Annotated[Person, requires("visits.log")]
Reason = Annotated[str, Form(max_length=1000)]
Seen = Annotated[int, Form(ge=0)]


@dataclass(frozen=True, slots=True)
class ActedOn:
    """A form on a visit's page: by whom, on which pump and visit, after how many amendments."""

    request: Request
    web: Web
    person: Person
    serial: str
    visit_id: int
    seen: int


def acted_on(request: Request, web: Context, person: Logger, serial: str, visit_id: int, seen: Seen = 0) -> ActedOn:
    """What every form on a visit's page carries."""
    return ActedOn(request, web, person, serial, visit_id, seen)


@router.get("/pumps/{serial}/visits/{visit_id}", response_class=HTMLResponse)
def visit_page(
    request: Request,
    web: Context,
    person: Reader,
    serial: str,
    visit_id: int,
    amend: Annotated[bool, Query()] = False,
) -> HTMLResponse:
    """The visit; with ``amend`` and the permission, its form."""
    return show_visit(request, web, person, serial, visit_id, amend=amend)


@router.post("/pumps/{serial}/visits/{visit_id}/confirm")
def confirm(
    doing: Annotated[ActedOn, Depends(acted_on)],
    form: Typed,
    professional_skill: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """A person says that it was so."""
    now = doing.web.clock()
    try:
        with doing.web.database.writing() as session:
            pump, visit = _visit(session, doing)
            confirm_visit(
                session,
                doing.visit_id,
                professional_skill=professional_skill == "yes",
                answers=form.given_answers,
                by=doing.person.email,
                now=now,
            )
            _enter(session, doing, pump, visit, Event.VISIT_CONFIRMED)
    except TrackerError as fault:
        return _refused(doing, fault, words=form.answers)
    return back_to(f"/pumps/{doing.serial}/visits/{doing.visit_id}", "confirmed")


@router.post("/pumps/{serial}/visits/{visit_id}/amend")
def amend(doing: Annotated[ActedOn, Depends(acted_on)], form: Typed, reason: Reason = "") -> Response:
    """Say what it was instead; what it said before is kept."""
    now = doing.web.clock()
    try:
        values = form.values(doing.person.timezone)
        with doing.web.database.writing() as session:
            pump, visit = _visit(session, doing)
            values["fill"] = fill_as_kept(visit, values["fill"])
            changes = {
                name: value for name, value in values.items() if name in AMENDABLE and value != getattr(visit, name)
            }
            if form.performed_at == form_of(visit, doing.person.timezone).performed_at:
                changes.pop("performed_at", None)  # the form shows no seconds
            if not changes:
                raise Conflict("nothing was changed, so there is nothing to amend")
            amend_visit(
                session,
                doing.visit_id,
                changes,
                reason=reason,
                answers=form.given_answers,
                by=doing.person.email,
                now=now,
            )
            _enter(session, doing, pump, visit, Event.VISIT_AMENDED)
    except TrackerError as fault:
        return _refused(doing, fault, amend=True, form=form)
    return back_to(f"/pumps/{doing.serial}/visits/{doing.visit_id}", "amended")


@router.post("/pumps/{serial}/visits/{visit_id}/withdraw")
def withdraw(doing: Annotated[ActedOn, Depends(acted_on)], reason: Reason = "") -> Response:
    """It was not so: it is kept and no longer counts."""
    now = doing.web.clock()
    try:
        with doing.web.database.writing() as session:
            pump, visit = _visit(session, doing)
            withdraw_visit(session, doing.visit_id, reason=reason, by=doing.person.email, now=now)
            _enter(session, doing, pump, visit, Event.VISIT_WITHDRAWN)
    except TrackerError as fault:
        return _refused(doing, fault)
    return back_to(f"/pumps/{doing.serial}/visits/{doing.visit_id}", "withdrawn")


def show_visit(
    request: Request,
    web: Web,
    person: Person,
    serial: str,
    visit_id: int,
    *,
    amend: bool = False,
    form: VisitForm | None = None,
    fault: TrackerError | None = None,
    words: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """The visit's page; with ``fault``, why an action on it was refused, and with ``form``, what was typed."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        visit = _found(visit_by_id(session, visit_id), pump)
        before = amendments(session, visit_id)
        told = session.exec(
            select(ProgrammerSessionRecord).where(col(ProgrammerSessionRecord.visit_id) == visit_id)
        ).first()
        typed = form or form_of(visit, person.timezone)
        result, coding_fault = preview(session, pump, typed, person.timezone, but=visit_id)
    web.trail.read(person, f"pump:{serial}", f"visit {visit_id}", now, clinic_id=pump.clinic_id)
    return page(
        request,
        person,
        "visit.html",
        status_code=fault.status if fault else 200,
        pump=pump,
        model=catalogue.find(pump.model),
        visit=visit,
        amendments=before,
        told=told,
        amend=amend,
        form=typed,
        words=words or {},
        fault=fault,
        result=result,
        coding_fault=coding_fault,
        modes=MODES,
        volumes=VOLUMES,
    )


def _found(visit: Visit | None, pump: Pump) -> Visit:
    if visit is None or visit.pump_id != pump.id:
        raise NotFound("this pump has no such visit")
    return visit


def _visit(session: Session, doing: ActedOn) -> tuple[Pump, Visit]:
    pump = pump_of(session, doing.person, doing.serial, doing.web.clock())
    visit = _found(visit_by_id(session, doing.visit_id), pump)
    if len(amendments(session, doing.visit_id)) != doing.seen:
        raise Conflict("somebody amended this visit after you opened it: look at what it says now")
    return pump, visit


def _enter(session: Session, doing: ActedOn, pump: Pump, visit: Visit, event: Event) -> None:
    now, subject = doing.web.clock(), f"pump:{doing.serial}"
    enter(session, doing.person, event, subject, now, clinic_id=pump.clinic_id, visit=visit.id, codes=visit.codes)


def _refused(
    doing: ActedOn,
    fault: TrackerError,
    *,
    amend: bool = False,
    form: VisitForm | None = None,
    words: Mapping[str, str] | None = None,
) -> HTMLResponse:
    return show_visit(
        doing.request,
        doing.web,
        doing.person,
        doing.serial,
        doing.visit_id,
        amend=amend,
        form=form,
        fault=fault,
        words=words,
    )
