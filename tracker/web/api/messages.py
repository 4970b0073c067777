"""Contact points, who is on call, and the messages that left."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.messages.clinic_staff import oncall_of
from tracker.actions.messages.contacts import (
    add_contact,
    change_contact,
    confirm_contact,
    contact_of,
    end_contact,
    test_contact,
)
from tracker.actions.messages.set_oncall import set_oncall
from tracker.actions.messages.view_oncall import view_oncall
from tracker.oncall.document import to_document
from tracker.reachable_networks import allowed_networks
from tracker.records.column_types import from_micros, key, to_micros
from tracker.records.contact_point import ContactPoint, contact_points_of
from tracker.records.message import Message, State, messages_page
from tracker.records.pump import Clinic
from tracker.records.queries.message_people import recipients_of
from tracker.records.staff import Staff
from tracker.web.api.field_types import NO_NUL, Cursor, Given, Limit, Moment, Page, RowId, fitting, paged, place_in
from tracker.web.app_state import Context
from tracker.web.auth.current_user import Person
from tracker.web.auth.permissions import requires
from tracker.web.auth.rate_limits import GUESS

router = APIRouter(prefix="/api/v1", tags=["messages"])
Own = Annotated[Person, requires("contacts.manage")]
Reader = Annotated[Person, requires("oncall.read")]


class NewContact(Given):
    """A contact point of one's own."""

    kind: Literal["email", "webhook", "apprise"]
    target: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NO_NUL)] = Field(
        description="an email address, a URL, or an Apprise address", examples=["nurse@clinic.example"]
    )
    secret: Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)] | None = Field(
        None, description="of a webhook: whsec_ and 16 to 64 bytes in base64; one is made where it is left out"
    )
    label: Annotated[str, StringConstraints(max_length=80, pattern=NO_NUL)] = ""


class ContactChanges(Given):
    """The fields to change. One that is left out stays as it is."""

    label: Annotated[str, StringConstraints(max_length=80, pattern=NO_NUL)] = Field(default_factory=str)
    high: bool = Field(default_factory=bool, strict=True)
    medium: bool = Field(default_factory=bool, strict=True)
    low: bool = Field(default_factory=bool, strict=True)


class Code(Given):
    """The code of the test message."""

    code: Annotated[str, StringConstraints(min_length=6, max_length=12, pattern=NO_NUL)]


class ContactShown(BaseModel):
    """One contact point. Nothing relies on it before it is confirmed."""

    id: int
    kind: str
    target: str
    label: str
    confirmed: bool
    confirmed_at: datetime | None
    high: bool
    medium: bool
    low: bool
    created_at: datetime


class ContactMade(ContactShown):
    """The new one, with the secret that signs a webhook: shown this once."""

    secret: str | None


class MessageShown(BaseModel):
    """One message: what it says, to whom, and where it stands."""

    id: str
    type: str
    state: Literal["queued", "sent", "failed", "acknowledged"]
    to: str
    channel: str
    number: int = Field(description="counted up per contact point, without gaps")
    priority: Literal["low", "medium", "high"]
    pump: str | None
    patient: str | None
    what: str
    why: str
    next_step: str
    since: datetime | None
    step: int | None
    created_at: datetime
    sent_at: datetime | None
    delivered: bool
    attempts: int
    fault: str | None
    acknowledged_at: datetime | None


class OncallShown(BaseModel):
    """The clinic's policies and rotations, as they are set; what is not set has defaults."""

    policies: list[dict[str, Any]]
    rotas: list[dict[str, Any]]


class OncallNow(BaseModel):
    """Who is told of what at that time."""

    at: datetime
    policies: list[dict[str, Any]]
    rotas: list[dict[str, Any]]
    gaps: list[dict[str, Any]]
    preview: list[dict[str, Any]]


class OncallGiven(Given):
    """The whole document; a fault names its path and changes nothing."""

    policies: list[dict[str, Any]] = Field(default_factory=list, max_length=100)
    rotas: list[dict[str, Any]] = Field(default_factory=list, max_length=100)


@router.get("/contacts", response_model=Page[ContactShown])
def contacts(web: Context, person: Own) -> dict[str, Any]:
    """Your contact points, all on one page."""
    with web.database.reading() as session:
        rows = contact_points_of(session, [person.staff_id]).get(person.staff_id, [])
    return {"items": [_contact(row) for row in rows], "next": None}


@router.post("/contacts", status_code=201, response_model=ContactMade)
def add_one(given: NewContact, web: Context, person: Own) -> dict[str, Any]:
    """Add a contact point. It receives tests until you have confirmed it."""
    allowed = allowed_networks(web.settings.webhook_allow)
    with fitting(), web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        point = add_contact(session, staff, **given.model_dump(), allowed=allowed, by=person.email, now=web.clock())
    return _contact(point) | {"secret": point.secret}


@router.patch("/contacts/{contact_id}", response_model=ContactShown)
def change_one(contact_id: RowId, given: ContactChanges, web: Context, person: Own) -> dict[str, Any]:
    """Set its label, or which priorities go there. Where none takes high, all of them do."""
    with fitting(), web.database.writing() as session:
        staff, point = _own(session, person, contact_id)
        change_contact(session, staff, point, given.model_dump(exclude_unset=True), web.clock())
    return _contact(point)


@router.delete("/contacts/{contact_id}", response_model=ContactShown)
def end_one(contact_id: RowId, web: Context, person: Own) -> dict[str, Any]:
    """Send nothing there any more."""
    with web.database.writing() as session:
        staff, point = _own(session, person, contact_id)
        end_contact(session, staff, point, web.clock())
    return _contact(point)


@router.post("/contacts/{contact_id}/test", status_code=202, response_model=MessageShown)
def test_one(contact_id: RowId, web: Context, person: Own) -> dict[str, Any]:
    """Send a test message, which carries the code that confirms the contact point."""
    with web.database.writing() as session:
        staff, point = _own(session, person, contact_id)
        message = test_contact(session, staff, point, signing_key=web.settings.signing_key(), now=web.clock())
    return _message(message, person.email, point.kind)


@router.post("/contacts/{contact_id}/confirm", response_model=ContactShown)
def confirm_one(contact_id: RowId, given: Code, web: Context, person: Own) -> dict[str, Any]:
    """Confirm the contact point by the code of its test message."""
    web.limits.strangers.take(
        f"contact code {person.staff_id}", GUESS
    )  # guesses cost; the right code gives its cost back
    with web.database.writing() as session:
        staff, point = _own(session, person, contact_id)
        confirm_contact(session, staff, point, given.code, signing_key=web.settings.signing_key(), now=web.clock())
    web.limits.strangers.give_back(f"contact code {person.staff_id}", GUESS)
    return _contact(point)


@router.get("/messages", response_model=Page[MessageShown])
def messages(
    web: Context,
    person: Annotated[Person, requires("messages.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
    state: Annotated[State | None, Query(description="only those that stand so")] = None,
) -> dict[str, Any]:
    """Your clinic's messages, newest first."""
    scope = f"messages {person.clinic_id} {state}"
    place = place_in(web, scope, cursor, int, str)
    after = (from_micros(place[0]), place[1]) if place else None
    with web.database.reading() as session:
        rows = messages_page(session, person.clinic_id, limit + 1, after, state=state)
        named = recipients_of(session, rows)
    web.trail.read(person, "messages", "list", web.clock(), count=min(limit, len(rows)))
    return paged(
        web,
        scope,
        rows,
        limit,
        place=lambda row: [to_micros(row.created_at), row.id],
        show=lambda row: _message(row, *named[row.id]),
    )


@router.get("/oncall", response_model=OncallShown)
def oncall(web: Context, person: Reader) -> dict[str, Any]:
    """The policies and rotations of your clinic."""
    with web.database.reading() as session:
        return to_document(oncall_of(session, person.clinic_id, {}))


@router.put("/oncall", response_model=OncallShown)
def put_oncall(
    given: OncallGiven, web: Context, person: Annotated[Person, requires("oncall.change")]
) -> dict[str, Any]:
    """Set the policies and rotations of your clinic, whole."""
    with fitting(), web.database.writing() as session:
        clinic = session.get_one(Clinic, person.clinic_id)
        return to_document(set_oncall(session, clinic, given.model_dump(), by=person.email, now=web.clock()))


@router.get("/oncall/now", response_model=OncallNow)
def oncall_now(
    web: Context,
    person: Reader,
    at: Annotated[
        Moment | None, Query(description="another moment than now", examples=["2026-12-01T08:00:00Z"])
    ] = None,
) -> dict[str, Any]:
    """Who is on call, who would be told of an alarm that began now, and when nobody would be."""
    with web.database.reading() as session:
        return view_oncall(session, person.clinic_id, at or web.clock())


def message_fields(row: Message, to: str, channel: str) -> dict[str, Any]:
    """A message as the API and a rehearsal show it."""
    return _message(row, to, channel)


def _own(session: Session, person: Person, contact_id: int) -> tuple[Staff, ContactPoint]:
    staff = session.get_one(Staff, person.staff_id)
    return staff, contact_of(session, staff, contact_id)


def _contact(row: ContactPoint) -> dict[str, Any]:
    names = ("kind", "target", "label", "confirmed_at", "high", "medium", "low", "created_at")
    return {"id": key(row.id), "confirmed": row.confirmed_at is not None} | {name: getattr(row, name) for name in names}


def _message(row: Message, to: str, channel: str) -> dict[str, Any]:
    own = (
        "id",
        "type",
        "state",
        "number",
        "created_at",
        "sent_at",
        "delivered",
        "attempts",
        "fault",
        "acknowledged_at",
    )
    told = ("pump", "patient", "what", "why", "next_step", "since", "step", "priority")
    shown = {name: row.data.get(name) for name in told} | {name: getattr(row, name) for name in own}
    return shown | {"to": to, "channel": channel}
