"""Contact points: where a person receives messages."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.messages.contacts import (
    add_contact,
    change_contact,
    confirm_contact,
    contact_of,
    end_contact,
    test_contact,
)
from tracker.reachable_networks import allowed_networks
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint, contact_points_of
from tracker.records.staff import Staff
from tracker.web.api.field_types import NO_NUL, Given, Page, RowId, fitting
from tracker.web.api.messages import MessageShown, message_fields
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.rate_limits import GUESS
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["messages"])
Own = Annotated[Person, requires("contacts.manage")]
Base64Url = Annotated[str, StringConstraints(max_length=200, pattern=NO_NUL)]


class PushKeys(Given):
    """The keys by which a browser reads what is pushed to it, in base64url."""

    p256dh: Base64Url
    auth: Base64Url


class PushSubscription(Given):
    """A browser's push subscription."""

    endpoint: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NO_NUL)]
    expirationTime: float | None = None  # noqa: N815 - the browsers' own name; it is not used
    keys: PushKeys


class PushKey(BaseModel):
    """What a browser subscribes with."""

    key: str = Field(description="the public key, in base64url: applicationServerKey of pushManager.subscribe")


class NewContact(Given):
    """A contact point of one's own."""

    kind: Literal["email", "webhook", "apprise", "push"]
    target: Annotated[str, StringConstraints(max_length=2000, pattern=NO_NUL)] = Field(
        "",
        description="an email address, a URL, an Apprise address; of a push subscription, its JSON or its endpoint",
        examples=["nurse@clinic.example"],
    )
    secret: Annotated[str, StringConstraints(max_length=400, pattern=NO_NUL)] | None = Field(
        None,
        description="of a webhook: whsec_ and 16 to 64 bytes in base64; one is made where it is left out. "
        "Of a push endpoint: its keys p256dh and auth as JSON",
    )
    subscription: PushSubscription | None = Field(
        None, description="of push, instead of a target: what the browser's PushSubscription.toJSON() gives"
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


@router.get("/contacts", response_model=Page[ContactShown])
def contacts(web: Context, person: Own) -> dict[str, Any]:
    """Your contact points, all on one page."""
    with web.database.reading() as session:
        rows = contact_points_of(session, [person.staff_id]).get(person.staff_id, [])
    return {"items": [contact_fields(row) for row in rows], "next": None}


@router.post("/contacts", status_code=201, response_model=ContactMade)
def add_one(given: NewContact, web: Context, person: Own) -> dict[str, Any]:
    """Add a contact point. It receives tests until you have confirmed it."""
    allowed = allowed_networks(web.settings.webhook_allow)
    with fitting(), web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        point = add_contact(
            session,
            staff,
            kind=given.kind,
            target=given.subscription.model_dump_json() if given.subscription else given.target,
            secret=given.secret,
            label=given.label,
            allowed=allowed,
            by=person.email,
            now=web.clock(),
        )
    return contact_fields(point) | {"secret": point.secret if point.kind == "webhook" else None}


@router.get("/push-key", response_model=PushKey)
def push_key_of_ours(web: Context, _person: Own) -> dict[str, str]:
    """The public key of the tracker's pushes (VAPID), by which a browser subscribes to them."""
    return {"key": web.push_key()}


@router.patch("/contacts/{contact_id}", response_model=ContactShown)
def change_one(contact_id: RowId, given: ContactChanges, web: Context, person: Own) -> dict[str, Any]:
    """Set its label, or which priorities go there. Where none takes high, all of them do."""
    with fitting(), web.database.writing() as session:
        staff, point = _own(session, person, contact_id)
        change_contact(session, staff, point, given.model_dump(exclude_unset=True), web.clock())
    return contact_fields(point)


@router.delete("/contacts/{contact_id}", response_model=ContactShown)
def end_one(contact_id: RowId, web: Context, person: Own) -> dict[str, Any]:
    """Send nothing there any more."""
    with web.database.writing() as session:
        staff, point = _own(session, person, contact_id)
        end_contact(session, staff, point, web.clock())
    return contact_fields(point)


@router.post("/contacts/{contact_id}/test", status_code=202, response_model=MessageShown)
def test_one(contact_id: RowId, web: Context, person: Own) -> dict[str, Any]:
    """Send a test message, which carries the code that confirms the contact point."""
    with web.database.writing() as session:
        staff, point = _own(session, person, contact_id)
        message = test_contact(
            session, staff, point, signing_key=web.settings.signing_key(), by=person.email, now=web.clock()
        )
    return message_fields(message, person.email, point.kind)


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
    return contact_fields(point)


def _own(session: Session, person: Person, contact_id: int) -> tuple[Staff, ContactPoint]:
    staff = session.get_one(Staff, person.staff_id)
    return staff, contact_of(session, staff, contact_id)


def contact_fields(row: ContactPoint, *, is_own: bool = True) -> dict[str, Any]:
    """A contact point as the API shows it. A colleague's address may hold a secret unless it is an email address."""
    names = ("kind", "target", "label", "confirmed_at", "high", "medium", "low", "created_at")
    shown = {"id": key(row.id), "confirmed": row.confirmed_at is not None}
    shown |= {name: getattr(row, name) for name in names}
    return shown if is_own or row.kind == "email" else shown | {"target": f"{row.target.split('://')[0]}://…"}
