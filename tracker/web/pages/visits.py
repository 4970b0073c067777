"""Visits of a pump: log one, with its code as one types; the list of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Query, Request
from fastapi.responses import HTMLResponse, Response
from pydantic import AwareDatetime
from sqlmodel import Session

from devices.models import catalogue
from tracker.actions.audit_events import Event
from tracker.actions.visits.log_visit import log_visit
from tracker.actions.visits.visit_codes import clinic_day
from tracker.coding import CodingError, CodingResult, code_visit
from tracker.errors import Conflict, Invalid, TrackerError
from tracker.records.column_types import from_micros, to_micros
from tracker.records.pump import Pump
from tracker.records.visit import visits_between, visits_of
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.forms.visit import MODES, VOLUMES, VisitForm, new_form, read_form
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.views.layout import back_to, with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
PAGE = 50
Reader = Annotated[Person, requires("visits.read")]
Logger = Annotated[Person, requires("visits.log")]
Done = Literal["yes"] | None
_FIRST_DAY: Final = datetime(2000, 1, 1, tzinfo=UTC)
"""No visit that a finding asks for lies before it."""


@router.get("/pumps/{serial}/visits", response_class=HTMLResponse)
def visits(
    request: Request,
    web: Context,
    person: Reader,
    serial: str,
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HTMLResponse:
    """All visits of the pump, the newest first."""
    now = web.clock()
    scope = f"page-visits:{serial}"
    place = read_cursor(web.key, scope, cursor, (int, int))
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        before = None if place is None else (from_micros(place[0]), place[1])
        rows = visits_of(session, pump.id or 0, PAGE + 1, before)
    web.trail.read(person, f"pump:{serial}", "visits", now, clinic_id=pump.clinic_id)
    next_url = None
    if len(rows) > PAGE:
        last = rows[PAGE - 1]
        next_url = with_query(request, cursor=write_cursor(web.key, scope, [to_micros(last.performed_at), last.id]))
    return page(request, person, "visits.html", pump=pump, visits=rows[:PAGE], next_url=next_url)


@router.get("/pumps/{serial}/visits/new", response_class=HTMLResponse)
def new_visit(
    request: Request,
    web: Context,
    person: Logger,
    serial: str,
    at: AwareDatetime | None = None,
    reprogrammed: Done = None,
    refilled: Done = None,
) -> HTMLResponse:
    """The empty form, or one that a finding has begun: when it was, and what was done."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
    begun = {"reprogrammed": reprogrammed is not None, "refilled": refilled is not None}
    known = at is not None and _FIRST_DAY <= at <= now
    return form_page(request, web, person, pump, new_form(at if at and known else now, person.timezone, **begun))


@router.get("/pumps/{serial}/visits/code", response_class=HTMLResponse)
def code(
    request: Request,
    web: Context,
    person: Logger,
    serial: str,
    visit: Annotated[int | None, Query(ge=1)] = None,
) -> HTMLResponse:
    """The code of what is typed so far, as a part of the page."""
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, web.clock())
        result, fault = preview(session, pump, read_form(request.query_params), person.timezone, but=visit)
    return page(request, person, "parts/code.html", result=result, coding_fault=fault)


async def typed(request: Request) -> VisitForm:
    """What was typed into the form that is sent."""
    return read_form(await request.form())


Typed = Annotated[VisitForm, Depends(typed)]


@router.post("/pumps/{serial}/visits/new")
def code_first(request: Request, web: Context, person: Logger, serial: str, form: Typed) -> HTMLResponse:
    """The form as typed with its code, and nothing logged: how the code is shown without a script."""
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, web.clock())
    return form_page(request, web, person, pump, form)


@router.post("/pumps/{serial}/visits")
def log(request: Request, web: Context, person: Logger, serial: str, form: Typed) -> Response:
    """Log the visit, or show the form again with what is wrong; nothing that was typed is lost."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
    try:
        values = form.values(person.timezone)
        with web.database.writing() as session:
            pump = pump_of(session, person, serial, now)
            _refuse_replay(session, pump, values["performed_at"], form)
            visit = log_visit(session, pump, **values, answers=form.given_answers, by=person.email, now=now)
            subject = f"pump:{serial}"
            enter(
                session,
                person,
                Event.VISIT_LOGGED,
                subject,
                now,
                clinic_id=pump.clinic_id,
                visit=visit.id,
                codes=visit.codes,
            )
    except TrackerError as fault:
        with web.database.reading() as session:  # what the refused transaction read is gone with it
            pump = pump_of(session, person, serial, now)
        return form_page(request, web, person, pump, form, fault=fault)
    return back_to(f"/pumps/{serial}/visits/{visit.id}", "logged")


def form_page(
    request: Request, web: Web, person: Person, pump: Pump, form: VisitForm, fault: TrackerError | None = None
) -> HTMLResponse:
    """The form for a new visit."""
    with web.database.reading() as session:
        result, coding_fault = preview(session, pump, form, person.timezone)
    web.trail.read(person, f"pump:{pump.serial}", "form of a visit", web.clock(), clinic_id=pump.clinic_id)
    return page(
        request,
        person,
        "visit_new.html",
        status_code=fault.status if fault else 200,
        pump=pump,
        model=catalogue.find(pump.model),
        form=form,
        fault=fault,
        result=result,
        coding_fault=coding_fault,
        modes=MODES,
        volumes=VOLUMES,
        visit=None,
    )


def preview(
    session: Session, pump: Pump, form: VisitForm, zone: str, but: int | None = None
) -> tuple[CodingResult | None, str | None]:
    """The code that the visit would have beside the others of its day, or why it has none."""
    model = catalogue.find(pump.model)
    if model is None:
        return None, f"The model {pump.model} is no longer in the catalogue."
    coded: list[str] = []
    try:
        start, end = clinic_day(form.moment(zone), zone)
        others = visits_between(session, pump.id or 0, start, end)
        coded = [code for one in others if but is None or (one.id or 0) < but for code in one.codes]
    except (Invalid, OverflowError):
        pass  # the time is still being typed: the code does not need it, only a conflict does
    try:
        return code_visit(model.kind, **form.acts, already_coded_today=coded), None
    except CodingError as fault:
        return None, str(fault).removeprefix("act.")


def _refuse_replay(session: Session, pump: Pump, performed_at: datetime, form: VisitForm) -> None:
    """The same form sent twice is one visit."""
    for one in visits_between(session, pump.id or 0, performed_at, performed_at + timedelta(seconds=60)):
        if all(getattr(one, name) == done for name, done in form.acts.items()):
            raise Conflict("this visit is logged already: the same was done at the same time", field="performed_at")
