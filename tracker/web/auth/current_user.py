"""The current user: the person behind a browser's session cookie or a program's token.

Of both secrets the database holds only the SHA-256. A session ends after idling, after twelve hours, when its person
is made inactive, and when the password changes.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from fastapi import Request
from sqlmodel import Session

from tracker.actions.staff.sign_in_tries import network_of
from tracker.actions.staff.token_scopes import read_scopes
from tracker.errors import NotSignedIn
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.second_factor import has_factor
from tracker.records.staff import (
    OPERATOR,
    ApiToken,
    BrowserSession,
    Staff,
    session_with_staff,
    token_with_staff,
)
from tracker.web.app_state import Web
from tracker.web.auth.user import BY_PROVIDER, Person, digest, session_lasts, token_lasts
from tracker.web.http.sub_path import cookie_name

BACKGROUND_HEADER = "x-background"  #: a page's own refreshing carries it, and is no sign of a person at the screen


def session_cookie_name(*, https: bool, root: str = "") -> str:
    """The name of the cookie of a sign-in; ``root`` is the path below which the pages are reached."""
    return cookie_name("tracker_session", https=https, root=root)


def current_person(request: Request) -> Person:
    """The person behind this request; raises ``NotSignedIn``. The gate enters a refusal of a person whom we know."""
    person = person_or_none(request)
    request.state.asked_by = person or getattr(request.state, "ended", None)
    if person is None:
        raise NotSignedIn("sign in first, or send `Authorization: Bearer TOKEN` with a valid token")
    return person


def person_or_none(request: Request) -> Person | None:
    """The person behind this request, or None where nobody is signed in."""
    web = request.app.state.web
    now: datetime = web.clock()
    header = request.headers.get("authorization")
    person = _by_cookie(request, now) if header is None else _by_token(request, header, now)
    if person is not None:
        web.limits.requests.take(str(person.staff_id))
    return person


def address_of(request: Request) -> str:
    """The client's address; a proxy's word for it counts where ``TRACKER_PROXIES`` names the proxy."""
    return request.client.host[:64] if request.client else ""


def _by_token(request: Request, header: str, now: datetime) -> Person | None:
    web = request.app.state.web
    address = address_of(request)
    scheme, _, secret = header.partition(" ")
    with web.database.reading() as session:
        found = token_with_staff(session, digest(secret.strip())) if scheme.lower() == "bearer" else None
        if found is None:
            web.limits.strangers.take(f"token {network_of(address)}")
            return None
        token, staff, clinic = found
        person = _person_of_token(token, staff, clinic, address)
        if not token_lasts(token, staff, now):
            web.limits.strangers.take(f"token {network_of(address)}")
            request.state.ended = person
            return None
        if token.used_at is None or now - token.used_at > timedelta(minutes=5):
            web.trail.token_used(token.id, now)
        return person


def _person_of_token(token: ApiToken, staff: Staff, clinic: Clinic, address: str) -> Person:
    maker = token.issued_by or ""
    return replace(
        _person(staff, clinic, "token"),
        address=address,
        token_id=token.id,
        token_name=token.name,
        scopes=read_scopes(token.scopes),
        token_is_own=maker == staff.email or maker.startswith(OPERATOR),
    )


def person_of_link(staff: Staff, clinic: Clinic, address: str) -> Person:
    """The person whom a signed link in a message names, for the audit trail. They have not signed in."""
    return replace(_person(staff, clinic, "link"), address=address)


def _by_cookie(request: Request, now: datetime) -> Person | None:
    web = request.app.state.web
    secret = request.cookies.get(session_cookie_name(https=web.settings.web_https, root=web.root))
    if not secret:
        return None
    with web.database.reading() as session:
        seen = BACKGROUND_HEADER not in request.headers
        person = person_of_session(session, digest(secret), now, web, seen=seen)
        found = session_with_staff(session, digest(secret)) if person is None else None
    if found is not None:
        browser, staff, clinic = found
        request.state.ended = replace(_person(staff, clinic, "browser", browser), address=address_of(request))
    return None if person is None else replace(person, address=address_of(request))


def person_of_session(session: Session, secret_digest: str, now: datetime, web: Web, *, seen: bool) -> Person | None:
    """The person of the session with that digest, while it lasts. ``seen``: somebody is at it; it does not idle out."""
    found = session_with_staff(session, secret_digest)
    if found is None:
        return None
    browser, staff, clinic = found
    idle = timedelta(minutes=web.settings.idle_minutes)
    if not (staff.active and session_lasts(browser, now, idle)):
        return None
    if seen and now - browser.seen_at > idle / 20:
        web.trail.session_seen(secret_digest, now)
    required = staff.role in clinic.second_factor_roles.split(",") and browser.opened_by != BY_PROVIDER
    needs = required and not has_factor(session, key(staff.id))
    return _person(staff, clinic, "browser", browser, refreshing=not seen, needs_factor=needs)


def _person(
    staff: Staff,
    clinic: Clinic,
    via: Literal["browser", "token", "link"],
    browser: BrowserSession | None = None,
    *,
    refreshing: bool = False,
    needs_factor: bool = False,
) -> Person:
    return Person(
        staff_id=staff.id or 0,
        email=staff.email,
        name=staff.name,
        role=staff.role,
        clinic_id=staff.clinic_id,
        unit=staff.unit,
        via=via,
        clinic_name=clinic.name,
        timezone=clinic.timezone,
        csrf=browser.csrf if browser else "",
        session_digest=browser.digest if browser else "",
        refreshing=refreshing,
        confirmed_at=browser.confirmed_at if browser else None,
        needs_factor=needs_factor,
        by_provider=browser is not None and browser.opened_by == BY_PROVIDER,
        is_service=staff.is_service,
    )
