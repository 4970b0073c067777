"""My notifications: where a person is reached, tested with one press, and what goes where. Template of that name."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import sha256
from typing import Annotated, Any, Final

from fastapi import APIRouter, Form, Path, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from tracker.actions.messages.contacts import (
    add_contact,
    change_contact,
    confirm_contact,
    contact_of,
    end_contact,
    test_contact,
)
from tracker.actions.messages.own_night import night_of, set_night
from tracker.errors import TrackerError
from tracker.reachable_networks import allowed_networks
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint, contact_points_of
from tracker.records.queries.messages import last_messages_of_points
from tracker.records.staff import Staff
from tracker.web.app_state import Context, Web
from tracker.web.auth.permissions import requires
from tracker.web.auth.rate_limits import GUESS
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, prefix="/notifications", dependencies=[keeps_what_was_typed()])
Own = Annotated[Person, requires("contacts.manage")]
Number = Annotated[int, Path(ge=1, le=2**31 - 1)]
Mark = Annotated[str, Form(max_length=3)]
PAGE: Final = "/notifications"
KINDS: Final = (("email", "Email"), ("webhook", "Webhook"), ("apprise", "Other (Apprise)"))
QUIET: Final = -1
"""Where a fault stands that is of no contact point."""
Word = Annotated[str, Form(max_length=64)]
PUSH: Final = ("push", "Browser or phone")
"""A kind that nobody types: its form is filled by the browser."""
Act = Callable[[Session, Staff, ContactPoint], object]


@router.get("", response_class=HTMLResponse)
def show(request: Request, web: Context, person: Own) -> HTMLResponse:
    """The person's contact points, each with its last message."""
    return _show(request, web, person)


@router.post("")
def add(
    request: Request,
    web: Context,
    person: Own,
    kind: Annotated[str, Form(max_length=16)] = "email",
    target: Annotated[str, Form(max_length=2000)] = "",
    label: Annotated[str, Form(max_length=80)] = "",
) -> Response:
    """A new contact point. A webhook's secret is shown this once; a browser is tested at once."""
    now = web.clock()
    try:
        with web.database.writing() as session:
            staff = session.get_one(Staff, person.staff_id)
            allowed = allowed_networks(web.settings.webhook_allow)
            point = add_contact(
                session, staff, kind=kind, target=target, label=label, allowed=allowed, by=person.email, now=now
            )
            if kind == "push":
                test_contact(session, staff, point, signing_key=web.settings.signing_key(), by=person.email, now=now)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault)
    if kind == "push":
        return back_to(PAGE, "contact-push-added")
    if point.secret:
        return _show(request, web, person, secret=point.secret)
    return back_to(PAGE, "contact-added")


@router.post("/quiet-hours")
def quiet_hours(
    request: Request, web: Context, person: Own, time_zone: Word = "", night_from: Word = "", night_to: Word = ""
) -> Response:
    """When only what is of high priority reaches the person."""
    typed = {"time_zone": time_zone.strip(), "night_from": night_from.strip(), "night_to": night_to.strip()}
    try:
        with web.database.writing() as session:
            set_night(session, session.get_one(Staff, person.staff_id), **typed, now=web.clock())
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, at=QUIET, night=typed)
    return back_to(PAGE, "quiet-hours-changed")


@router.post("/{contact_id}/test")
def test(request: Request, web: Context, person: Own, contact_id: Number) -> Response:
    """Send a test message now."""
    now, signing_key = web.clock(), web.settings.signing_key()

    def act(session: Session, staff: Staff, point: ContactPoint) -> object:
        return test_contact(session, staff, point, signing_key=signing_key, by=person.email, now=now)

    return _act(request, web, person, contact_id, "contact-tested", act)


@router.post("/{contact_id}/confirm")
def confirm(
    request: Request, web: Context, person: Own, contact_id: Number, code: Annotated[str, Form(max_length=12)] = ""
) -> Response:
    """Rely on the contact point from now on."""
    now, signing_key = web.clock(), web.settings.signing_key()
    bucket = f"contact code {person.staff_id}"
    web.limits.strangers.take(bucket, GUESS)  # guesses cost; the right code gives its cost back

    def act(session: Session, staff: Staff, point: ContactPoint) -> None:
        confirm_contact(session, staff, point, code, signing_key=signing_key, now=now)
        web.limits.strangers.give_back(bucket, GUESS)

    return _act(request, web, person, contact_id, "contact-confirmed", act)


@router.post("/{contact_id}/change")
def change(
    request: Request,
    web: Context,
    person: Own,
    contact_id: Number,
    high: Mark = "",
    medium: Mark = "",
    low: Mark = "",
) -> Response:
    """Which priorities go there."""
    wanted: dict[str, Any] = {"high": high == "yes", "medium": medium == "yes", "low": low == "yes"}

    def act(session: Session, staff: Staff, point: ContactPoint) -> object:
        return change_contact(session, staff, point, wanted, web.clock())

    return _act(request, web, person, contact_id, "contact-changed", act)


@router.post("/{contact_id}/end")
def end(request: Request, web: Context, person: Own, contact_id: Number) -> Response:
    """Send nothing there any more."""

    def act(session: Session, staff: Staff, point: ContactPoint) -> None:
        end_contact(session, staff, point, web.clock())

    return _act(request, web, person, contact_id, "contact-ended", act)


def _act(request: Request, web: Web, person: Person, contact_id: int, said: str, act: Act) -> Response:
    try:
        with web.database.writing() as session:
            staff = session.get_one(Staff, person.staff_id)
            act(session, staff, contact_of(session, staff, contact_id))
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, at=contact_id)
    return back_to(PAGE, said)


def _show(
    request: Request,
    web: Web,
    person: Person,
    *,
    fault: TrackerError | None = None,
    at: int = 0,
    secret: str = "",
    night: dict[str, str] | None = None,
) -> HTMLResponse:
    with web.database.reading() as session:
        own = night_of(session, session.get_one(Staff, person.staff_id))
        points = contact_points_of(session, [person.staff_id]).get(person.staff_id, [])
        last = last_messages_of_points(session, [key(one.id) for one in points])
    return page(
        request,
        person,
        "notifications.html",
        status_code=fault.status if fault else 200,
        points=points,
        last=last,
        kinds=KINDS,
        names=dict((*KINDS, PUSH)),
        push_key=web.push_key(),
        digests={one.id: sha256(one.target.encode()).hexdigest() for one in points if one.kind == "push"},
        mail_is_set=bool(web.settings.smtp_url.get_secret_value()),
        fault=fault,
        at_fault=at,
        secret=secret,
        night=night or own._asdict(),
        night_is_own=own.is_own,
    )
