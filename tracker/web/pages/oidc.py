"""Signing in and signing by OpenID Connect: to the provider and back. Only there where a provider is configured."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import structlog
from fastapi import APIRouter, Query, Request
from fastapi.responses import RedirectResponse, Response

from tracker.actions.staff.sign_in_tries import network_of
from tracker.errors import NotFound, TrackerError
from tracker.web.app_state import Context, Web
from tracker.web.auth import oidc_client, oidc_sign_in
from tracker.web.auth.current_user import current_person
from tracker.web.auth.permissions import open_to_all, requires
from tracker.web.auth.user import Person
from tracker.web.pages.sign_in import device_cookie_name, set_cookies, show_form
from tracker.web.views.layout import address_of_pages, local_path

router = APIRouter(include_in_schema=False)
_log = structlog.get_logger(__name__)


@router.get("/sign-in/oidc", dependencies=[open_to_all()])
def begin(
    request: Request, web: Context, came_from: Annotated[str, Query(alias="next", max_length=2000)] = "/"
) -> Response:
    """To the provider."""
    return _to_provider(request, web, oidc_sign_in.new_flow(local_path(came_from), web.clock()))


@router.get("/confirm/oidc")
def confirm(
    request: Request,
    web: Context,
    person: Annotated[Person, requires("self.manage")],
    came_from: Annotated[str, Query(alias="next", max_length=2000)] = "/",
) -> Response:
    """To the provider, which asks again who the person is: a signature waits for it."""
    return _to_provider(request, web, oidc_sign_in.new_flow(local_path(came_from), web.clock(), person.session_digest))


@router.get("/sign-in/oidc/back", dependencies=[open_to_all()])
def back(
    request: Request,
    web: Context,
    state: Annotated[str, Query(max_length=200)] = "",
    code: Annotated[str, Query(max_length=4000)] = "",
) -> Response:
    """Back from the provider: open the session, or show the form with the reason."""
    provider = _provider(web)
    now = web.clock()
    address = request.client.host if request.client else ""
    try:
        web.limits.strangers.take(f"sign-in {network_of(address)}")
        flow = oidc_sign_in.unsealed(web.key, request.cookies.get(oidc_sign_in.COOKIE, ""), state, now)
        claims = provider.claims(code, flow, _back(request, web))
        if flow.confirms:  # a refusal is a page of its own
            web.limits.strangers.give_back(f"sign-in {network_of(address)}")
            return _confirmed(request, web, flow, claims)
        device = request.cookies.get(device_cookie_name(web), "")[:200]
        with web.database.writing() as session:
            opened = oidc_sign_in.open_for(session, web.settings.oidc_issuer, claims, now, device)
        web.limits.strangers.give_back(f"sign-in {network_of(address)}")
    except oidc_sign_in.NotAskedAgain:
        _log.warning("a confirmation by the provider was refused")
        raise
    except TrackerError as fault:
        _log.warning("a sign-in by the provider was refused", fault=type(fault).__name__)
        refused = show_form(request, web, "/", fault=fault)
        refused.delete_cookie(oidc_sign_in.COOKIE, path="/sign-in/oidc")
        return refused
    response = RedirectResponse(local_path(flow.next), HTTPStatus.SEE_OTHER)
    set_cookies(web, response, opened)
    response.delete_cookie(oidc_sign_in.COOKIE, path="/sign-in/oidc")
    return response


def _to_provider(request: Request, web: Web, flow: oidc_client.Flow) -> Response:
    provider = _provider(web)
    try:
        response = RedirectResponse(provider.address(flow, _back(request, web)), HTTPStatus.SEE_OTHER)
    except TrackerError as fault:
        return show_form(request, web, flow.next, fault=fault)
    response.set_cookie(
        oidc_sign_in.COOKIE,
        oidc_sign_in.sealed(web.key, flow),
        max_age=oidc_sign_in.FLOW_S,
        httponly=True,
        samesite="lax",
        secure=web.settings.web_https,
        path="/sign-in/oidc",
    )
    return response


def _confirmed(request: Request, web: Web, flow: oidc_client.Flow, claims: oidc_client.Claims) -> Response:
    person = current_person(request)
    with web.database.writing() as session:
        oidc_sign_in.confirm_by(session, web.settings.oidc_issuer, claims, flow, person, web.clock())
    response = RedirectResponse(local_path(flow.next), HTTPStatus.SEE_OTHER)
    response.delete_cookie(oidc_sign_in.COOKIE, path="/sign-in/oidc")
    return response


def _provider(web: Web) -> oidc_client.Provider:
    if web.provider is None:
        raise NotFound("no sign-in provider is set up: see TRACKER_OIDC_ISSUER")
    return web.provider


def _back(request: Request, web: Web) -> str:
    return f"{address_of_pages(request, web)}/sign-in/oidc/back"
