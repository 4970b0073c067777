"""Service accounts of one's own clinic: programs that work in their own name, for administrators."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints

from tracker.actions.staff.issue_token import DAYS, MOST_DAYS
from tracker.actions.staff.service_accounts import add_service, change_service
from tracker.actions.staff.token_scopes import SERVICE_SCOPES
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.staff import SERVICE, Staff, services_of_clinic, tokens_of
from tracker.web.api.account import TokenIssued, TokenShown, shown
from tracker.web.api.field_types import NO_NUL, Answer, Given, Page, RowId, fitting
from tracker.web.app_state import Context
from tracker.web.auth.permissions import Role, requires
from tracker.web.auth.service_tokens import make_service_token, revoke_service_token, service_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1/services", tags=["staff"])
Reader = Annotated[Person, requires("staff.read")]
Manager = Annotated[Person, requires("staff.manage")]
Email = Annotated[str, StringConstraints(min_length=3, max_length=254, pattern=NO_NUL)]
Purpose = Annotated[str, StringConstraints(max_length=120, pattern=NO_NUL)]


class NewService(Given):
    """A new account for a program; it has no password and can do nothing until it has a token."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=60, pattern=NO_NUL)] = Field(
        description="of a-z, 0-9, dot, dash, underscore; the audit trail shows `service NAME`"
    )
    role: Role = Field(description="bounds what its tokens may do; what only a person does, it never does")
    responsible: Email = Field(description="the email of the person of your clinic who answers for it")
    purpose: Purpose = ""


class ServiceChanges(Given):
    """The fields to change. One that is left out stays as it is; `active: false` ends its tokens for good."""

    role: Role | None = None
    responsible: Email | None = None
    purpose: Purpose | None = None
    active: Answer | None = None


class NewServiceToken(Given):
    """What the token is for, what it may do at the most, and how long it lasts."""

    name: Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=NO_NUL)]
    scopes: list[Annotated[str, StringConstraints(max_length=40, pattern=NO_NUL)]] = Field(
        min_length=1, max_length=20, description=f"of: {', '.join(SERVICE_SCOPES)}"
    )
    days: int = Field(DAYS, ge=1, le=MOST_DAYS, strict=True, description="how long it lasts")
    password: Annotated[str, StringConstraints(max_length=1000)] | None = Field(
        None, description="the administrator's own, asked of a browser's session"
    )


class ServiceShown(BaseModel):
    """A service account, and who answers for it."""

    id: int
    name: str
    purpose: str
    role: str
    active: bool
    responsible: str = Field(description="their email")
    responsible_active: bool = Field(description="false: their account has ended; name somebody else")


@router.get("", response_model=Page[ServiceShown])
def listed(web: Context, person: Reader) -> dict[str, Any]:
    """The service accounts of your clinic, all on one page."""
    with web.database.reading() as session:
        pairs = services_of_clinic(session, person.clinic_id)
        return {"items": [_shown(service, responsible) for service, responsible in pairs], "next": None}


@router.post("", status_code=201, response_model=ServiceShown)
def add(given: NewService, web: Context, person: Manager) -> dict[str, Any]:
    """Add an account for a program at your clinic."""
    with fitting(), web.database.writing() as session:
        home = session.get_one(Clinic, person.clinic_id)
        made = add_service(session, clinic=home, **given.model_dump(), by=person.email, now=web.clock())
        session.flush()
        return _shown(made, session.get_one(Staff, made.responsible_id))


@router.patch("/{service_id}", response_model=ServiceShown)
def change(service_id: RowId, given: ServiceChanges, web: Context, person: Manager) -> dict[str, Any]:
    """Another role, purpose or responsible person, or the end of the account."""
    with fitting(), web.database.writing() as session:
        service = service_of(session, person, service_id)
        changed = change_service(session, service, **given.model_dump(), by=person.email, now=web.clock())
        return _shown(changed, session.get_one(Staff, changed.responsible_id))


@router.get("/{service_id}/tokens", response_model=Page[TokenShown])
def tokens(service_id: RowId, web: Context, person: Reader) -> dict[str, Any]:
    """Its tokens, all on one page."""
    with web.database.reading() as session:
        rows = tokens_of(session, key(service_of(session, person, service_id).id))
    return {"items": [shown(row) for row in rows], "next": None}


@router.post("/{service_id}/tokens", status_code=201, response_model=TokenIssued)
def make_token(service_id: RowId, given: NewServiceToken, web: Context, person: Manager) -> dict[str, Any]:
    """A token for the program, shown this once."""
    with fitting():
        return {"token": make_service_token(web, person, service_id, **given.model_dump())}


@router.post("/{service_id}/tokens/{token_id}/revoke", response_model=TokenShown)
def end_token(service_id: RowId, token_id: RowId, web: Context, person: Manager) -> dict[str, Any]:
    """The token opens nothing any more."""
    return shown(revoke_service_token(web, person, service_id, token_id))


def _shown(service: Staff, responsible: Staff) -> dict[str, Any]:
    return {
        "id": service.id,
        "name": service.email.removeprefix(SERVICE),
        "purpose": service.name,
        "role": service.role,
        "active": service.active,
        "responsible": responsible.email,
        "responsible_active": responsible.active,
    }
