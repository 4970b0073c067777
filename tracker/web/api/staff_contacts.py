"""A colleague's contact points: an administrator adds and tests them, and their person confirms."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter
from pydantic import Field, StringConstraints

from tracker.actions.messages.contacts import add_contact, contact_of, test_contact
from tracker.actions.staff.find_colleague import find_colleague
from tracker.reachable_networks import allowed_networks
from tracker.records.contact_point import contact_points_of
from tracker.web.api.contacts import ContactMade, ContactShown, contact_fields
from tracker.web.api.field_types import NO_NUL, Given, Page, RowId, Short, fitting
from tracker.web.api.messages import MessageShown, message_fields
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1/staff/{staff_id}/contacts", tags=["messages"])
Manager = Annotated[Person, requires("staff.manage")]


class ColleaguesContact(Given):
    """A contact point of a colleague. A browser is subscribed by its own person alone."""

    kind: Literal["email", "webhook", "apprise"]
    target: Annotated[str, StringConstraints(min_length=1, max_length=1000, pattern=NO_NUL)] = Field(
        description="an email address, a URL, or an Apprise address", examples=["nurse@clinic.example"]
    )
    label: Short = ""


@router.get("", response_model=Page[ContactShown])
def contacts_of_staff(staff_id: RowId, web: Context, person: Manager) -> dict[str, Any]:
    """A colleague's contact points. Of an address that is no email address, and may hold a secret, only its kind."""
    with web.database.reading() as session:
        find_colleague(session, person.clinic_id, staff_id)
        rows = contact_points_of(session, [staff_id]).get(staff_id, [])
    return {"items": [contact_fields(row, is_own=False) for row in rows], "next": None}


@router.post("", status_code=201, response_model=ContactMade)
def add_for_staff(staff_id: RowId, given: ColleaguesContact, web: Context, person: Manager) -> dict[str, Any]:
    """Add a contact point for a colleague. It receives tests until it is confirmed."""
    allowed = allowed_networks(web.settings.webhook_allow)
    with fitting(), web.database.writing() as session:
        staff = find_colleague(session, person.clinic_id, staff_id)
        point = add_contact(session, staff, **given.model_dump(), allowed=allowed, by=person.email, now=web.clock())
    return contact_fields(point, is_own=False) | {"secret": point.secret}


@router.post("/{contact_id}/test", status_code=202, response_model=MessageShown)
def test_for_staff(staff_id: RowId, contact_id: RowId, web: Context, person: Manager) -> dict[str, Any]:
    """Send a test message, whose code its person enters."""
    key = web.settings.signing_key()
    with web.database.writing() as session:
        staff = find_colleague(session, person.clinic_id, staff_id)
        point = contact_of(session, staff, contact_id)
        message = test_contact(session, staff, point, signing_key=key, by=person.email, now=web.clock())
    return message_fields(message, staff.email, point.kind)
