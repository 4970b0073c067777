"""Choose one's own password by a set-up link: template ``set_up.html``. It comes before any sign-in."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Form, Request
from fastapi.responses import HTMLResponse
from sqlmodel import Session

from tracker.actions.staff.passwords import hash_password
from tracker.actions.staff.setup_link import PATH, key_in, person_of_link, use_link
from tracker.actions.staff.sign_in_tries import network_of
from tracker.errors import Invalid, TrackerError
from tracker.records.pump import Clinic
from tracker.records.staff import Staff
from tracker.web.app_state import Context, Web
from tracker.web.auth import csrf
from tracker.web.auth.current_user import address_of
from tracker.web.auth.permissions import open_to_all
from tracker.web.auth.reauthentication import NoPasswords
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[open_to_all()])


@router.get(PATH)
def show(request: Request, web: Context) -> HTMLResponse:
    """Ask for the key: the page's script takes it from behind the ``#`` of the link, or a person pastes the link."""
    if not web.settings.password_sign_in:
        raise NoPasswords
    return _page(request, web, None, "")


@router.post(PATH)
def choose(
    *,
    request: Request,
    web: Context,
    given: Annotated[str, Form(alias="key", max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
    again: Annotated[str, Form(max_length=1000)] = "",
    token: Annotated[str, Form(alias="csrf", max_length=200)] = "",
) -> HTMLResponse:
    """With a key alone, ask for the password; take one that was typed twice, and the link is used up."""
    csrf.check_origin(request)
    csrf.check_token(token, csrf.visitor_token(web.key, request.cookies.get(csrf.VISITOR_COOKIE, "")))
    key = key_in(given)
    with web.database.reading() as session:
        staff = _whose(request, web, session, key)
        clinic = session.get_one(Clinic, staff.clinic_id)
    if not new and not again:
        return _page(request, web, staff, key)
    if new != again:
        return _page(request, web, staff, key, Invalid("the password was not typed the same way twice", field="again"))
    try:
        hashed = hash_password(new, about=(staff.email, staff.name, clinic.name))
    except TrackerError as fault:
        return _page(request, web, staff, key, fault)
    with web.database.writing() as session:
        use_link(session, key, hashed, web.clock())
    return page(request, None, "set_up.html", done=True)


def _whose(request: Request, web: Web, session: Session, secret: str) -> Staff:
    """The link's person. Guesses cost: a good link gives its cost back."""
    if not web.settings.password_sign_in:
        raise NoPasswords
    bucket = f"set-up {network_of(address_of(request))}"
    web.limits.strangers.take(bucket)
    staff = person_of_link(session, secret, web.clock())
    web.limits.strangers.give_back(bucket)
    return staff


def _page(request: Request, web: Web, staff: Staff | None, key: str, fault: TrackerError | None = None) -> HTMLResponse:
    visitor = request.cookies.get(csrf.VISITOR_COOKIE) or secrets.token_urlsafe(16)
    response = page(
        request,
        None,
        "set_up.html",
        status_code=fault.status if fault else 200,
        visitor_csrf=csrf.visitor_token(web.key, visitor),
        staff=staff,
        key=key,
        fault=fault,
        done=False,
    )
    response.set_cookie(
        csrf.VISITOR_COOKIE, visitor, httponly=True, samesite="lax", secure=web.settings.web_https, path="/sign-in"
    )
    return response
