"""Staff: accounts and roles of one's own clinic."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.actions.add_staff import add_staff
from tracker.actions.change_staff import change_staff
from tracker.actions.sign_in_tries import waits_by_staff
from tracker.errors import Invalid, NotFound, TrackerError
from tracker.records.pump import Clinic
from tracker.records.staff import Staff, staff_of_clinic
from tracker.web.context import Context, Web
from tracker.web.frame import back_to
from tracker.web.people import Person
from tracker.web.permission_words import PERMITS
from tracker.web.permissions import PERMISSIONS, Role, requires
from tracker.web.rendering import page
from tracker.web.typed_again import keeps_what_was_typed
from tracker.web.words import word

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
ROLES = tuple((str(role), word(role)) for role in Role)
Manager = Annotated[Person, requires("staff.manage")]
Text = Annotated[str, Form(max_length=254)]
Secret = Annotated[str, Form(max_length=1000)]


@router.get("/staff", response_class=HTMLResponse)
def staff(request: Request, web: Context, person: Annotated[Person, requires("staff.read")]) -> HTMLResponse:
    """Everybody who may sign in at this clinic, and what each role includes."""
    return _show(request, web, person)


@router.post("/staff")
def add(
    request: Request,
    web: Context,
    person: Manager,
    email: Text = "",
    name: Annotated[str, Form(max_length=120)] = "",
    role: Annotated[str, Form(max_length=24)] = "",
    unit: Annotated[str, Form(max_length=80)] = "",
    password: Secret = "",
) -> Response:
    """A new account with its first password, which its person changes."""
    typed = {"email": email, "name": name, "role": role, "unit": unit}
    try:
        if not password:
            raise Invalid("give a first password", field="password")
        with web.database.writing() as session:
            add_staff(
                session,
                clinic=session.get_one(Clinic, person.clinic_id),
                email=email,
                role=role,
                password=password,
                name=name.strip(),
                unit=unit.strip() or None,
                temporary=True,
                by=person.email,
                now=web.clock(),
            )
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, typed=typed)
    return back_to("/staff", "staff-added")


@router.post("/staff/{staff_id}/change")
def change(
    request: Request,
    web: Context,
    person: Manager,
    staff_id: int,
    role: Annotated[str, Form(max_length=24)] = "",
    unit: Annotated[str, Form(max_length=80)] = "",
    active: Annotated[str, Form(max_length=3)] = "",
    unlock: Annotated[str, Form(max_length=3)] = "",
    reset_factors: Annotated[str, Form(max_length=3)] = "",
    password: Secret = "",
) -> Response:
    """A new role, unit or password, an unlocking, or the end of access."""
    try:
        with web.database.writing() as session:
            change_staff(
                session,
                _colleague(session, person, staff_id),
                role=role or None,
                unit=unit.strip(),
                active=active == "yes",
                password=password or None,
                unlock=unlock == "yes",
                reset_factors=reset_factors == "yes",
                temporary=True,
                by=person.email,
                now=web.clock(),
            )
    except TrackerError as fault:
        return _show(request, web, person, fault=fault)
    return back_to("/staff", "staff-changed")


def _colleague(session: Session, person: Person, staff_id: int) -> Staff:
    found = session.get(Staff, staff_id)
    if found is None or found.clinic_id != person.clinic_id:
        raise NotFound("your clinic has no such account")
    return found


def _show(
    request: Request,
    web: Web,
    person: Person,
    fault: TrackerError | None = None,
    typed: dict[str, Any] | None = None,
) -> HTMLResponse:
    with web.database.reading() as session:
        people = staff_of_clinic(session, person.clinic_id)
        waits = waits_by_staff(session, people, web.clock())
    return page(
        request,
        person,
        "staff.html",
        status_code=fault.status if fault else 200,
        people=people,
        waits=waits,
        roles=ROLES,
        permissions=PERMISSIONS,
        permits=PERMITS,
        fault=fault,
        typed=typed or {"email": "", "name": "", "role": "nurse", "unit": ""},
    )
