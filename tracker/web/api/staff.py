"""Staff: accounts, roles and tokens of one's own clinic, for administrators."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.staff.add_staff import add_staff
from tracker.actions.staff.change_staff import change_staff
from tracker.actions.staff.find_colleague import find_colleague
from tracker.actions.staff.setup_link import make_link
from tracker.actions.staff.sign_in_tries import waits_by_staff
from tracker.errors import NotAllowed
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.staff import Staff, staff_of_clinic, tokens_of
from tracker.web.api.account import NewToken, TokenIssued, TokenShown, shown
from tracker.web.api.field_types import NO_NUL, Answer, Given, Page, RowId, Short, fitting
from tracker.web.app_state import Context, Web
from tracker.web.auth.own_sessions import make_own_token, revoke_own_token
from tracker.web.auth.permissions import Role, requires
from tracker.web.auth.user import Person
from tracker.web.views.layout import address_of_pages

router = APIRouter(prefix="/api/v1/staff", tags=["staff"])
Manager = Annotated[Person, requires("staff.manage")]
Secret = Annotated[str, StringConstraints(min_length=1, max_length=1000)]
_ADDED = frozenset({"locked_until", "setup_link"})  #: shown, and no field of the account
Name = Annotated[str, StringConstraints(max_length=120, pattern=NO_NUL)]


class NewStaff(Given):
    """A new account. Without a password, the answer has a link by which its person chooses one."""

    email: Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=NO_NUL)]
    role: Role
    password: Secret | None = Field(None, description="set for the person, who signs nothing until they change it")
    name: Name = ""
    unit: Short | None = None


class StaffChanges(Given):
    """The fields to change. One that is left out stays as it is."""

    role: Role | None = None
    name: Name | None = None
    unit: Short | None = None
    active: Answer | None = None
    password: Secret | None = Field(None, description="a new one, set for the person")
    unlock: Answer = False
    reset_factors: Answer = Field(default=False, description="forget the second factors of who lost them all")
    new_link: Answer = Field(default=False, description="make a link by which the person chooses a new password")


class StaffShown(BaseModel):
    """A person who may sign in. Passwords are never shown."""

    id: int
    email: str
    name: str
    role: str
    unit: str | None
    active: bool
    locked_until: datetime | None = Field(description="until when tries are refused where wrong ones came from")
    setup_link: str | None = Field(None, description="made by this call: shown this once, good once within 24 hours")


@router.get("", response_model=Page[StaffShown])
def listed(web: Context, person: Annotated[Person, requires("staff.read")]) -> dict[str, Any]:
    """Everybody who may sign in at your clinic, all on one page."""
    with web.database.reading() as session:
        people = staff_of_clinic(session, person.clinic_id)
        waits = waits_by_staff(session, people, web.clock())
        return {"items": [_shown(one, waits) for one in people], "next": None}


@router.post("", status_code=201, response_model=StaffShown)
def add(request: Request, given: NewStaff, web: Context, person: Manager) -> dict[str, Any]:
    """Add an account at your clinic."""
    with fitting(), web.database.writing() as session:
        home = session.get_one(Clinic, person.clinic_id)
        made = add_staff(session, clinic=home, **given.model_dump(), temporary=True, by=person.email, now=web.clock())
        session.flush()
        link = _link(request, web, session, person, made) if given.password is None else None
        return {**_shown(made, {}), "setup_link": link}


@router.patch("/{staff_id}", response_model=StaffShown)
def change(request: Request, staff_id: RowId, given: StaffChanges, web: Context, person: Manager) -> dict[str, Any]:
    """A new role, unit or password, an unlocking, or the end of access."""
    with fitting(), web.database.writing() as session:
        staff = find_colleague(session, person.clinic_id, staff_id)
        wanted = given.model_dump(exclude={"new_link"})
        changed = change_staff(session, staff, **wanted, temporary=True, by=person.email, now=web.clock())
        link = _link(request, web, session, person, changed) if given.new_link else None
        return {**_shown(changed, waits_by_staff(session, [changed], web.clock())), "setup_link": link}


@router.get("/{staff_id}/tokens", response_model=Page[TokenShown])
def tokens(staff_id: RowId, web: Context, person: Annotated[Person, requires("staff.read")]) -> dict[str, Any]:
    """The person's tokens, all on one page."""
    with web.database.reading() as session:
        rows = tokens_of(session, key(_oneself(session, person, staff_id).id))
    return {"items": [shown(row) for row in rows], "next": None}


@router.post("/{staff_id}/tokens", status_code=201, response_model=TokenIssued)
def make_token(staff_id: RowId, given: NewToken, web: Context, person: Manager) -> dict[str, Any]:
    """A token for a program, shown this once."""
    with web.database.reading() as session:
        _oneself(session, person, staff_id)
    with fitting():
        return {"token": make_own_token(web, person, **given.model_dump())}


@router.post("/{staff_id}/tokens/{token_id}/revoke", response_model=TokenShown)
def end_token(staff_id: RowId, token_id: RowId, web: Context, person: Manager) -> dict[str, Any]:
    """The token opens nothing any more."""
    with web.database.reading() as session:
        _oneself(session, person, staff_id)
    return shown(revoke_own_token(web, person, token_id))


def _link(request: Request, web: Web, session: Session, person: Person, staff: Staff) -> str | None:
    """The address of a new set-up link; None where passwords are switched off."""
    if not web.settings.password_sign_in:
        return None
    return address_of_pages(request, web) + make_link(session, staff, by=person.email, now=web.clock())


def _oneself(session: Session, person: Person, staff_id: int) -> Staff:
    """The person's own account: a token belongs to its person, and nobody else makes or sees it."""
    found = find_colleague(session, person.clinic_id, staff_id)
    if found.id != person.staff_id:
        raise NotAllowed("a token belongs to its person: nobody else makes, sees or ends it")
    return found


def _shown(staff: Staff, waits: dict[int, datetime]) -> dict[str, Any]:
    own = {name: getattr(staff, name) for name in StaffShown.model_fields if name not in _ADDED}
    return {**own, "locked_until": waits.get(key(staff.id))}
