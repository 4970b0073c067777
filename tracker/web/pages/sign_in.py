"""Signing in and out, and changing the password: templates ``sign_in.html`` and ``password.html``."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated
from urllib.parse import quote, urlsplit

from fastapi import APIRouter, Form, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from tracker.actions.staff.second_factor import STEP_LASTS
from tracker.actions.staff.sign_in_tries import KNOWN_FOR
from tracker.errors import TrackerError
from tracker.web.app_state import Context, Web
from tracker.web.auth import csrf, current_user, sign_in
from tracker.web.auth.current_user import session_cookie_name
from tracker.web.auth.permissions import open_to_all, requires
from tracker.web.auth.sign_in import Opened
from tracker.web.auth.user import Person
from tracker.web.http.sub_path import cookie_name
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False)
STEP_COOKIE = "tracker_step"


def local_path(target: str) -> str:
    """Where to go after signing in: only ever a path of this site."""
    parts = urlsplit(target)
    plain = target.startswith("/") and not target.startswith("//") and not parts.netloc and not parts.scheme
    return target if plain and target.isprintable() and "\\" not in target else "/"


@router.get("/sign-in", dependencies=[open_to_all()])
def show(
    request: Request, web: Context, came_from: Annotated[str, Query(alias="next", max_length=2000)] = "/"
) -> Response:
    """The form; a person who is signed in goes on."""
    if current_user.person_or_none(request) is not None:
        return RedirectResponse(local_path(came_from), HTTPStatus.SEE_OTHER)
    return show_form(request, web, came_from)


@router.post("/sign-in", dependencies=[open_to_all()])
def enter(
    *,
    request: Request,
    web: Context,
    email: Annotated[str, Form(max_length=254)] = "",
    password: Annotated[str, Form(max_length=1000)] = "",
    came_from: Annotated[str, Form(alias="next", max_length=2000)] = "/",
    token: Annotated[str, Form(alias="csrf", max_length=200)] = "",
) -> Response:
    """Open a session, or show the form again with the reason."""
    csrf.check_origin(request)
    address = request.client.host if request.client else ""
    try:
        csrf.check_token(token, csrf.visitor_token(web.key, request.cookies.get(csrf.VISITOR_COOKIE, "")))
        opened = sign_in.sign_in(web, email, password, address, request.cookies.get(device_cookie_name(web), "")[:200])
    except TrackerError as fault:
        return show_form(request, web, came_from, email=email, fault=fault)
    if opened.step:
        response = RedirectResponse(
            f"/sign-in/second?next={quote(local_path(came_from), safe='')}", HTTPStatus.SEE_OTHER
        )
        set_step_cookie(web, response, opened.step)
        return response
    response = RedirectResponse(local_path(came_from), HTTPStatus.SEE_OTHER)
    set_cookies(web, response, opened)
    return response


@router.post("/sign-out")
def leave(web: Context, person: Annotated[Person, requires("self.manage")]) -> Response:
    """End this session."""
    sign_in.sign_out(web, person)
    response = RedirectResponse(
        "/sign-in", HTTPStatus.SEE_OTHER, {"Clear-Site-Data": '"cache"' if web.root else '"cache", "storage"'}
    )
    response.delete_cookie(
        session_cookie_name(https=web.settings.web_https, root=web.root), secure=web.settings.web_https
    )
    return response


@router.get("/password")
def show_password(request: Request, person: Annotated[Person, requires("self.manage")]) -> HTMLResponse:
    """The form to change one's own password."""
    return page(request, person, "password.html", fault=None, field=None, done=False)


@router.post("/password")
def change_password(
    *,
    request: Request,
    web: Context,
    person: Annotated[Person, requires("self.manage")],
    old: Annotated[str, Form(max_length=1000)] = "",
    new: Annotated[str, Form(max_length=1000)] = "",
    again: Annotated[str, Form(max_length=1000)] = "",
) -> HTMLResponse:
    """Set the new password, or say why not."""
    fault: TrackerError | None = None
    if new != again:
        fault = TrackerError("the new password was not typed the same way twice", field="again")
    else:
        try:
            sign_in.change_password(web, person, old, new)
        except TrackerError as refusal:
            fault = refusal
    return page(
        request,
        person,
        "password.html",
        status_code=fault.status if fault else 200,
        fault=fault.detail if fault else None,
        field=fault.field if fault else None,
        done=fault is None,
    )


def device_cookie_name(web: Web) -> str:
    """The cookie by which a browser is known that somebody has signed in with."""
    return cookie_name("tracker_device", https=web.settings.web_https, root=web.root)


def set_step_cookie(web: Web, response: Response, secret: str) -> None:
    """Give the browser what has begun with its password, until the second factor is shown."""
    response.set_cookie(
        STEP_COOKIE,
        secret,
        max_age=int(STEP_LASTS.total_seconds()),
        httponly=True,
        samesite="lax",
        secure=web.settings.web_https,
        path="/sign-in",
    )


def set_cookies(web: Web, response: Response, opened: Opened) -> None:
    """Give the browser its session, and what it is known by at the next sign-in."""
    https = web.settings.web_https
    name = session_cookie_name(https=https, root=web.root)
    response.set_cookie(name, opened.secret, httponly=True, samesite="lax", secure=https, path="/")
    days = int(KNOWN_FOR.total_seconds())
    response.set_cookie(
        device_cookie_name(web), opened.device, max_age=days, httponly=True, samesite="lax", secure=https, path="/"
    )


def show_form(
    request: Request, web: Web, came_from: str, *, email: str = "", fault: TrackerError | None = None
) -> HTMLResponse:
    """The form, with the reason why it is shown again."""
    visitor = request.cookies.get(csrf.VISITOR_COOKIE) or secrets.token_urlsafe(16)
    response = page(
        request,
        None,
        "sign_in.html",
        status_code=fault.status if fault else 200,
        visitor_csrf=csrf.visitor_token(web.key, visitor),
        next=local_path(came_from),
        email=email,
        fault=fault.detail if fault else None,
        oidc=bool(web.settings.oidc_issuer),
        passwords=web.settings.password_sign_in,
    )
    response.set_cookie(
        csrf.VISITOR_COOKIE, visitor, httponly=True, samesite="lax", secure=web.settings.web_https, path="/sign-in"
    )
    return response
