"""Service accounts: a clinic's programs, who answers for each, and their tokens. Template ``service_accounts.html``."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from tracker.actions.staff.issue_token import DAYS, MOST_DAYS
from tracker.actions.staff.service_accounts import add_service, change_service
from tracker.actions.staff.token_scopes import SCOPES
from tracker.errors import Invalid, TrackerError
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.staff import SERVICE, ApiToken, services_of_clinic, staff_of_clinic, unrevoked_tokens
from tracker.web.app_state import Context, Web
from tracker.web.auth.permission_labels import PERMITS
from tracker.web.auth.permissions import PEOPLE_ONLY, requires
from tracker.web.auth.service_tokens import make_service_token, revoke_service_token, service_of
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.pages.account import AREAS, VERBS
from tracker.web.pages.staff import ROLES
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, prefix="/staff/services", dependencies=[keeps_what_was_typed()])
Manager = Annotated[Person, requires("staff.manage")]
Word = Annotated[str, Form(max_length=254)]
Area = Annotated[str, Form(max_length=8)]
PAGE: Final = "/staff/services"


@router.get("")
def show(request: Request, web: Context, person: Annotated[Person, requires("staff.read")]) -> HTMLResponse:
    """The clinic's service accounts, with their tokens."""
    return _show(request, web, person)


@router.post("")
def add(
    request: Request,
    web: Context,
    person: Manager,
    name: Word = "",
    purpose: Annotated[str, Form(max_length=120)] = "",
    role: Annotated[str, Form(max_length=24)] = "",
    responsible: Word = "",
) -> Response:
    """A new account for a program."""
    try:
        with web.database.writing() as session:
            add_service(
                session,
                clinic=session.get_one(Clinic, person.clinic_id),
                name=name,
                role=role,
                responsible=responsible,
                purpose=purpose,
                by=person.email,
                now=web.clock(),
            )
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, at=0)
    return back_to(PAGE, "service-added")


@router.post("/{service_id}/change")
def change(
    request: Request,
    web: Context,
    person: Manager,
    service_id: int,
    role: Annotated[str, Form(max_length=24)] = "",
    responsible: Word = "",
    active: Annotated[str, Form(max_length=3)] = "",
) -> Response:
    """Another role or responsible person, or the end of the account with all its tokens."""
    try:
        with web.database.writing() as session:
            change_service(
                session,
                service_of(session, person, service_id),
                role=role or None,
                responsible=responsible or None,
                active=active == "yes",
                by=person.email,
                now=web.clock(),
            )
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, at=service_id)
    return back_to(PAGE, "service-changed")


@router.post("/{service_id}/tokens")
def make_token(
    *,
    request: Request,
    web: Context,
    person: Manager,
    service_id: int,
    token_name: Annotated[str, Form(max_length=120)] = "",
    days: Annotated[str, Form(max_length=8)] = str(DAYS),
    records: Area = "",
    clinical: Area = "",
    billing: Area = "",
    setup: Area = "",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A token for the program, shown this once."""
    areas = {"records": records, "clinical": clinical, "billing": billing, "setup": setup}
    chosen = [f"{area}:{verb}" for area, verb in areas.items() if verb]
    try:
        if not (days.isascii() and days.isdecimal()):
            raise Invalid(f"give the number of days, 1 to {MOST_DAYS}", field="days")
        secret = make_service_token(
            web, person, service_id, name=token_name, scopes=chosen, days=int(days), password=password
        )
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, at=service_id)
    return _show(request, web, person, secret=(token_name.strip(), secret))


@router.post("/{service_id}/tokens/{token_id}/revoke")
def revoke(web: Context, person: Manager, service_id: int, token_id: int) -> Response:
    """The token opens nothing any more."""
    revoke_service_token(web, person, service_id, token_id)
    return back_to(PAGE, "token-revoked")


def _show(
    request: Request,
    web: Web,
    person: Person,
    *,
    fault: TrackerError | None = None,
    at: int | None = None,
    secret: tuple[str, str] | None = None,
) -> HTMLResponse:
    """``at``: the account whose form is at fault; 0 is the form of a new one."""
    now = web.clock()
    with web.database.reading() as session:
        pairs = services_of_clinic(session, person.clinic_id)
        people = [one for one in staff_of_clinic(session, person.clinic_id) if one.active]
        held = unrevoked_tokens(session, [key(service.id) for service, _ in pairs])
    tokens: dict[int, list[tuple[ApiToken, str]]] = {key(service.id): [] for service, _ in pairs}
    for token in held:
        tokens[token.staff_id].append((token, _words(token)))
    return page(
        request,
        person,
        "service_accounts.html",
        status_code=fault.status if fault else 200,
        services=[(one, one.email.removeprefix(SERVICE), responsible) for one, responsible in pairs],
        alone=[one for one, responsible in pairs if one.active and not responsible.active],
        tokens=tokens,
        expired={one.id for one in held if one.expires_at <= now},
        people=[(one.email, f"{one.name} ({one.email})") for one in people],
        roles=ROLES,
        areas=AREAS,
        verbs=VERBS,
        never=[PERMITS[name] for name in PERMITS if name in PEOPLE_ONLY],
        days=DAYS,
        most_days=MOST_DAYS,
        fault=fault,
        at=at,
        secret=secret,
    )


def _words(token: ApiToken) -> str:
    return "; ".join(text for name, text in SCOPES.items() if name in token.scopes.split())
