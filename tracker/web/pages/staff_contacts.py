"""A colleague's contact points: an administrator adds and tests them. Its person confirms by the code of the test."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, Response

from tracker.actions.messages.contacts import add_contact, contact_of, test_contact
from tracker.actions.staff.find_colleague import find_colleague
from tracker.errors import Invalid, TrackerError
from tracker.reachable_networks import allowed_networks
from tracker.records.column_types import key
from tracker.records.contact_point import contact_points_of
from tracker.records.queries.messages import last_messages_of_points
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.pages.notifications import KINDS, PUSH
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, prefix="/staff/{staff_id}/contacts", dependencies=[keeps_what_was_typed()])
Manager = Annotated[Person, requires("staff.manage")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]


@router.get("", response_class=HTMLResponse)
def show(request: Request, web: Context, person: Manager, staff_id: Number) -> HTMLResponse:
    """The colleague's contact points, each with its last message."""
    return _show(request, web, person, staff_id)


@router.post("")
def add(
    request: Request,
    web: Context,
    person: Manager,
    staff_id: Number,
    kind: Annotated[str, Form(max_length=16)] = "email",
    target: Annotated[str, Form(max_length=1000)] = "",
    label: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """A new contact point, with a test on its way. A webhook's secret is shown this once."""
    now, signing_key = web.clock(), web.settings.signing_key()
    try:
        if kind not in dict(KINDS):
            raise Invalid("only its person's own browser can be subscribed", field="kind")
        with web.database.writing() as session:
            staff = find_colleague(session, person.clinic_id, staff_id)
            allowed = allowed_networks(web.settings.webhook_allow)
            point = add_contact(
                session, staff, kind=kind, target=target, label=label, allowed=allowed, by=person.email, now=now
            )
            test_contact(session, staff, point, signing_key=signing_key, by=person.email, now=now)
    except TrackerError as fault:
        return _show(request, web, person, staff_id, fault=fault)
    if point.secret:
        return _show(request, web, person, staff_id, secret=point.secret)
    return back_to(f"/staff/{staff_id}/contacts", "contact-added-for")


@router.post("/{contact_id}/test")
def test(request: Request, web: Context, person: Manager, staff_id: Number, contact_id: Number) -> Response:
    """Send a test message now."""
    try:
        with web.database.writing() as session:
            staff = find_colleague(session, person.clinic_id, staff_id)
            point = contact_of(session, staff, contact_id)
            test_contact(
                session,
                staff,
                point,
                signing_key=web.settings.signing_key(),
                by=person.email,
                now=web.clock(),
            )
    except TrackerError as fault:
        return _show(request, web, person, staff_id, fault=fault)
    return back_to(f"/staff/{staff_id}/contacts", "contact-tested")


def _show(
    request: Request,
    web: Web,
    person: Person,
    staff_id: int,
    *,
    fault: TrackerError | None = None,
    secret: str = "",
) -> HTMLResponse:
    with web.database.reading() as session:
        staff = find_colleague(session, person.clinic_id, staff_id)
        points = contact_points_of(session, [staff_id]).get(staff_id, [])
        last = last_messages_of_points(session, [key(one.id) for one in points])
    return page(
        request,
        person,
        "staff_contacts.html",
        status_code=fault.status if fault else 200,
        staff=staff,
        points=points,
        last=last,
        kinds=KINDS,
        names=dict((*KINDS, PUSH)),
        fault=fault,
        secret=secret,
    )
