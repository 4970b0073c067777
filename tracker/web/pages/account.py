"""Sign-ins and tokens: one's own, for every role. Template ``account.html``."""

from __future__ import annotations

from typing import Annotated, Final

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse, Response

from tracker.actions.staff.issue_token import DAYS, MOST_DAYS
from tracker.actions.staff.token_scopes import READ, SCOPES, WRITE, read_scopes
from tracker.errors import Invalid, TrackerError
from tracker.records.staff import tokens_of
from tracker.web.app_state import Context, Web
from tracker.web.auth.own_sessions import (
    browser_name,
    end_all_others,
    end_own_session,
    make_own_token,
    own_sessions,
    revoke_own_token,
)
from tracker.web.auth.permissions import requires
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.views.layout import back_to
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, prefix="/account", dependencies=[keeps_what_was_typed()])
Own = Annotated[Person, requires("tokens.manage")]
Area = Annotated[str, Form(max_length=8)]
Mark = Annotated[str, Form(max_length=3)]
AREAS: Final = (
    ("records", "Pumps and records"),
    ("clinical", "Visits, alarms and tasks"),
    ("billing", "Billing"),
    ("setup", "Settings and staff"),
)
VERBS: Final = ((READ, "Read"), (WRITE, "Read and change"))
ALONE: Final = tuple((name, text) for name, text in SCOPES.items() if ":" not in name)


@router.get("")
def show(request: Request, web: Context, person: Own) -> HTMLResponse:
    """The person's sign-ins and tokens."""
    return _show(request, web, person)


@router.post("/tokens")
def make_token(
    *,
    request: Request,
    web: Context,
    person: Own,
    name: Annotated[str, Form(max_length=120)] = "",
    days: Annotated[str, Form(max_length=8)] = str(DAYS),
    records: Area = "",
    clinical: Area = "",
    billing: Area = "",
    setup: Area = "",
    emergency: Mark = "",
    sign: Mark = "",
    account: Mark = "",
    password: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """A token for a program, shown this once."""
    areas = {"records": records, "clinical": clinical, "billing": billing, "setup": setup}
    alone = {"emergency": emergency, "sign": sign, "account": account}
    chosen = [f"{area}:{verb}" for area, verb in areas.items() if verb]
    chosen += [one for one, mark in alone.items() if mark == "yes"]
    try:
        if not (days.isascii() and days.isdecimal()):
            raise Invalid(f"give the number of days, 1 to {MOST_DAYS}", field="days")
        secret = make_own_token(web, person, name=name, scopes=chosen, days=int(days), password=password)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault)
    return _show(request, web, person, secret=(name.strip(), secret))


@router.post("/tokens/{token_id}/revoke")
def revoke(web: Context, person: Own, token_id: int) -> Response:
    """The token opens nothing any more."""
    revoke_own_token(web, person, token_id)
    return back_to("/account", "token-revoked")


@router.post("/sessions/{reference}/end")
def end_one(web: Context, person: Own, reference: str) -> Response:
    """Sign one browser out."""
    end_own_session(web, person, reference)
    return back_to("/account", "sign-in-ended")


@router.post("/end-all")
def end_everything(web: Context, person: Own) -> Response:
    """End all but this sign-in."""
    end_all_others(web, person)
    return back_to("/account", "all-ended")


def _show(
    request: Request,
    web: Web,
    person: Person,
    *,
    fault: TrackerError | None = None,
    secret: tuple[str, str] | None = None,
) -> HTMLResponse:
    now = web.clock()
    with web.database.reading() as session:
        sessions = own_sessions(session, web, person)
        tokens = [one for one in tokens_of(session, person.staff_id) if one.revoked_at is None]
    return page(
        request,
        person,
        "account.html",
        status_code=fault.status if fault else 200,
        sessions=[(one, browser_name(one.browser)) for one in sessions],
        tokens=[(one, _words(one.scopes)) for one in tokens],
        expired={one.id for one in tokens if one.expires_at <= now},
        areas=AREAS,
        verbs=VERBS,
        alone=ALONE,
        days=DAYS,
        most_days=MOST_DAYS,
        fault=fault,
        secret=secret,
    )


def _words(scopes: str) -> list[str]:
    """What a token's scopes allow, in words."""
    held = read_scopes(scopes)
    return [text for name, text in SCOPES.items() if name in held] or ["Everything that your role allows"]
