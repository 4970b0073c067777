"""The second page of signing in: template ``second_step.html``."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Body, Form, Query, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from tracker.actions.staff.passkeys import Place
from tracker.errors import TrackerError
from tracker.public_address import origin_of
from tracker.web.app_state import Context, Web
from tracker.web.auth import csrf, sign_in_second_step
from tracker.web.auth.permissions import open_to_all
from tracker.web.auth.sign_in import Opened
from tracker.web.auth.sign_in_second_step import StepOver
from tracker.web.pages.sign_in import STEP_COOKIE, set_cookies, show_form
from tracker.web.views.layout import address_of_pages, local_path
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[open_to_all()])
Next = Annotated[str, Query(alias="next", max_length=2000)]


@router.get("/sign-in/second")
def show(request: Request, web: Context, came_from: Next = "/") -> Response:
    """The form for the code, and the passkey's button where there is one."""
    return _show(request, web, came_from)


@router.post("/sign-in/second")
def by_code(
    *,
    request: Request,
    web: Context,
    code: Annotated[str, Form(max_length=60)] = "",
    came_from: Annotated[str, Form(alias="next", max_length=2000)] = "/",
    token: Annotated[str, Form(alias="csrf", max_length=200)] = "",
) -> Response:
    """Open the session by a code of the app or a recovery code."""
    try:
        _check(request, web, token)
        opened = sign_in_second_step.by_code(web, _step(request), code)
    except TrackerError as fault:
        return _show(request, web, came_from, fault)
    response = RedirectResponse(local_path(came_from), HTTPStatus.SEE_OTHER)
    _enter(web, response, opened)
    return response


@router.post("/sign-in/second/passkey/challenge")
def challenge(request: Request, web: Context) -> dict[str, Any]:
    """What the browser asks the passkey."""
    _check(request, web, request.headers.get("x-csrf-token", ""))
    secret, options = sign_in_second_step.passkey_challenge(web, _step(request), place_of(request, web))
    return {"challenge": secret, "options": options}


@router.post("/sign-in/second/passkey")
def by_passkey(
    request: Request,
    web: Context,
    challenge: Annotated[str, Body(max_length=100)],
    answer: Annotated[dict[str, Any], Body()],
) -> Response:
    """Open the session by what the passkey answered."""
    _check(request, web, request.headers.get("x-csrf-token", ""))
    opened = sign_in_second_step.by_passkey(web, _step(request), place_of(request, web), challenge, answer)
    response = JSONResponse({"done": True})
    _enter(web, response, opened)
    return response


def place_of(request: Request, web: Web) -> Place:
    """Where the browser is, as the passkey's answer must say."""
    scheme, _, host = origin_of(address_of_pages(request, web)).partition("://")
    return Place(scheme, host.lower())


def _check(request: Request, web: Web, token: str) -> None:
    csrf.check_origin(request)
    csrf.check_token(token, csrf.visitor_token(web.key, request.cookies.get(csrf.VISITOR_COOKIE, "")))


def _step(request: Request) -> str:
    return request.cookies.get(STEP_COOKIE, "")[:200]


def _enter(web: Web, response: Response, opened: Opened) -> None:
    set_cookies(web, response, opened)
    response.delete_cookie(STEP_COOKIE, path="/sign-in")


def _show(request: Request, web: Web, came_from: str, fault: TrackerError | None = None) -> Response:
    try:
        passkey = sign_in_second_step.ways_of(web, _step(request))
    except StepOver as over:
        return show_form(request, web, came_from, fault=over)
    visitor = request.cookies.get(csrf.VISITOR_COOKIE) or secrets.token_urlsafe(16)
    response = page(
        request,
        None,
        "second_step.html",
        status_code=fault.status if fault else 200,
        visitor_csrf=csrf.visitor_token(web.key, visitor),
        next=local_path(came_from),
        fault=fault.detail if fault else None,
        passkey=passkey,
    )
    response.set_cookie(
        csrf.VISITOR_COOKIE, visitor, httponly=True, samesite="lax", secure=web.settings.web_https, path="/sign-in"
    )
    return response
