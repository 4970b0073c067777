"""Staff: accounts and roles of one's own clinic."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.actions.staff.add_staff import add_staff
from tracker.actions.staff.change_staff import change_staff
from tracker.actions.staff.find_colleague import find_colleague
from tracker.actions.staff.setup_link import make_link
from tracker.actions.staff.sign_in_tries import waits_by_staff
from tracker.errors import TrackerError
from tracker.records.pump import Clinic
from tracker.records.staff import Staff, services_left_alone, staff_of_clinic
from tracker.web.app_state import Context, Web
from tracker.web.auth.permission_labels import PERMITS
from tracker.web.auth.permissions import PERMISSIONS, Role, requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.views.formatting import word
from tracker.web.views.layout import address_of_pages, back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
ROLES = tuple((str(role), word(role)) for role in Role)
Manager = Annotated[Person, requires("staff.manage")]
Text = Annotated[str, Form(max_length=254)]


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
) -> Response:
    """A new account, and the link by which its person chooses a password."""
    typed = {"email": email, "name": name, "role": role, "unit": unit}
    try:
        with web.database.writing() as session:
            made = add_staff(
                session,
                clinic=session.get_one(Clinic, person.clinic_id),
                email=email,
                role=role,
                password=None,
                name=name.strip(),
                unit=unit.strip() or None,
                by=person.email,
                now=web.clock(),
            )
            session.flush()
            link = _link(request, web, session, person, made)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, typed=typed)
    return _show(request, web, person, link=(made, link)) if link else back_to("/staff", "staff-added")


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
    new_link: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """A new role or unit, a link for a new password, an unlocking, or the end of access."""
    try:
        with web.database.writing() as session:
            changed = change_staff(
                session,
                find_colleague(session, person.clinic_id, staff_id),
                role=role or None,
                unit=unit.strip(),
                active=active == "yes",
                unlock=unlock == "yes",
                reset_factors=reset_factors == "yes",
                by=person.email,
                now=web.clock(),
            )
            link = _link(request, web, session, person, changed) if new_link == "yes" else ""
    except TrackerError as fault:
        return _show(request, web, person, fault=fault)
    return _show(request, web, person, link=(changed, link)) if link else back_to("/staff", "staff-changed")


def _link(request: Request, web: Web, session: Session, person: Person, staff: Staff) -> str:
    """The address of a new set-up link; empty where passwords are switched off."""
    if not web.settings.password_sign_in:
        return ""
    return address_of_pages(request, web) + make_link(session, staff, by=person.email, now=web.clock())


def _show(
    request: Request,
    web: Web,
    person: Person,
    fault: TrackerError | None = None,
    typed: dict[str, Any] | None = None,
    link: tuple[Staff, str] | None = None,
) -> HTMLResponse:
    with web.database.reading() as session:
        people = staff_of_clinic(session, person.clinic_id)
        waits = waits_by_staff(session, people, web.clock())
        alone = services_left_alone(session, person.clinic_id)
    return page(
        request,
        person,
        "staff.html",
        status_code=fault.status if fault else 200,
        people=people,
        alone=alone,
        waits=waits,
        roles=ROLES,
        permissions=PERMISSIONS,
        permits=PERMITS,
        fault=fault,
        link=link,
        typed=typed or {"email": "", "name": "", "role": "nurse", "unit": ""},
    )
