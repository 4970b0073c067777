"""The clinic itself: the zone of its clock, the longest that a fill may stay, and the programmers that are its own."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.pumps.name_programmer import drop_programmer, name_programmer
from tracker.actions.staff.change_clinic import change_clinic
from tracker.errors import Invalid, TrackerError
from tracker.records.programmer_session import programmers_of
from tracker.records.pump import Clinic
from tracker.records.queries.worklist import colleagues
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import Role, requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.views.formatting import word
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
Namer = Annotated[Person, requires("programmers.name")]
Word = Annotated[str, Form(max_length=200)]


@router.get("/clinic", response_class=HTMLResponse)
def clinic(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("clinic.read")],
    programmer: Annotated[str, Query(max_length=200)] = "",
) -> HTMLResponse:
    """The clinic's settings and its programmers; ``programmer`` stands in the form already, as a finding names it."""
    return _show(request, web, person, typed={"programmer": programmer})


@router.post("/clinic")
def change(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("clinic.change")],
    name: Word = "",
    timezone: Word = "",
    refill_cap_days: Word = "",
    second_factor_roles: Annotated[list[str], Form(max_length=5)] = [],  # noqa: B006 - FastAPI copies it
    message_content: Word = "",
    messages_per_hour: Word = "",
) -> Response:
    """Change the settings; what was before stands in the audit trail."""
    typed = {"name": name, "timezone": timezone, "refill_cap_days": refill_cap_days}
    typed |= {"message_content": message_content, "messages_per_hour": messages_per_hour}
    try:
        wanted: dict[str, Any] = {
            "name": name,
            "timezone": timezone,
            "refill_cap_days": _whole(refill_cap_days, "refill_cap_days", "of days"),
            "second_factor_roles": second_factor_roles,
        }
        if message_content:
            wanted["message_content"] = message_content
        if messages_per_hour.strip():
            wanted["messages_per_hour"] = _whole(messages_per_hour, "messages_per_hour", "of messages")
        with web.database.writing() as session:
            home = session.get_one(Clinic, person.clinic_id)
            before = change_clinic(session, home, wanted, web.clock())
            if before:
                after = {field: wanted[field] for field in before}
                subject = f"clinic:{home.name}"
                enter(session, person, Event.CLINIC_CHANGED, subject, web.clock(), before=before, after=after)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, typed=typed)
    return back_to("/clinic", "clinic-changed")


@router.post("/clinic/programmers")
def name_one(request: Request, web: Context, person: Namer, programmer: Word = "") -> Response:
    """Name a programmer that is the clinic's own."""
    try:
        with web.database.writing() as session:
            row = name_programmer(session, person.clinic_id, programmer, by=person.email, now=web.clock())
            _enter(session, web, person, Event.PROGRAMMER_NAMED, row.programmer)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, typed={"programmer": programmer})
    return back_to("/clinic", "programmer-named")


@router.post("/clinic/programmers/drop")
def drop_one(request: Request, web: Context, person: Namer, programmer: Word = "") -> Response:
    """Take one off the list: its sessions are findings from then on."""
    try:
        with web.database.writing() as session:
            drop_programmer(session, person.clinic_id, programmer, now=web.clock())
            _enter(session, web, person, Event.PROGRAMMER_DROPPED, programmer.strip())
    except TrackerError as fault:
        return _show(request, web, person, fault=fault)
    return back_to("/clinic", "programmer-dropped")


def _whole(text: str, field: str, of: str) -> int | None:
    if not text.strip():
        return None
    if not (text.strip().isascii() and text.strip().isdigit()):
        raise Invalid(f"write a whole number {of}", field=field)
    return int(text)


def _enter(session: Session, web: Web, person: Person, event: Event, programmer: str) -> None:
    home = session.get_one(Clinic, person.clinic_id)
    enter(session, person, event, f"clinic:{home.name}", web.clock(), programmer=programmer)


def _show(
    request: Request,
    web: Web,
    person: Person,
    *,
    fault: TrackerError | None = None,
    typed: dict[str, str] | None = None,
) -> HTMLResponse:
    with web.database.reading() as session:
        home = session.get_one(Clinic, person.clinic_id)
        programmers = programmers_of(session, person.clinic_id)
        names = {one.email: one.name for one in colleagues(session, person.clinic_id)}
    values: dict[str, Any] = {"name": home.name, "timezone": home.timezone, "refill_cap_days": home.refill_cap_days}
    values |= {"message_content": home.message_content, "messages_per_hour": home.messages_per_hour}
    return page(
        request,
        person,
        "clinic.html",
        status_code=fault.status if fault else 200,
        clinic=home,
        programmers=programmers,
        names=names,
        typed={**values, "programmer": "", **(typed or {})},
        roles=[(str(role), word(role)) for role in Role],
        factor_roles=home.second_factor_roles.split(","),
        fault=fault,
    )
