"""The current user: the person behind a browser's session cookie or a program's token.

Of both secrets the database holds only the SHA-256. A session ends after idling, after twelve hours, when its person
is made inactive, and when the password changes.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Literal

from fastapi import Request
from sqlmodel import Session

from tracker.actions.origin import Origin
from tracker.actions.staff.sign_in_tries import network_of
from tracker.actions.staff.token_scopes import read_scopes
from tracker.errors import NotSignedIn
from tracker.recent import is_recent
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.second_factor import has_factor
from tracker.records.staff import (
    OPERATOR,
    ApiToken,
    BrowserSession,
    Staff,
    session_reference,
    session_with_staff,
    token_with_staff,
)
from tracker.web.http.sub_path import cookie_name

if TYPE_CHECKING:
    from tracker.web.app_state import Web

SESSION_HOURS = 12
CONFIRMED_FOR = timedelta(minutes=5)  #: so long what was shown for one signature serves for the next; assumed
BY_PROVIDER = "openid connect"
BACKGROUND_HEADER = "x-background"  #: a page's own refreshing carries it, and is no sign of a person at the screen


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. ``session_digest`` and ``csrf`` are empty for a token.

    ``refreshing`` says that an open page asks for itself again, with nobody's hand on it; ``confirmed_at``, when the
    person last showed again who they are; ``needs_factor``, that their clinic asks for a second factor that they lack;
    ``by_provider``, that they signed in by OpenID Connect; ``permission``, what the route that they came by needs;
    ``address``, where the request came from. Of a token: its name, its ``scopes`` (None for a browser: no limit), and
    whether the person, or an operator at the machine, made it. ``is_service``: it is a program with its own account.
    """

    staff_id: int
    email: str
    name: str
    role: str
    clinic_id: int
    unit: str | None
    via: Literal["browser", "token", "link"]
    clinic_name: str
    timezone: str
    csrf: str = ""
    session_digest: str = ""
    refreshing: bool = False
    confirmed_at: datetime | None = None
    needs_factor: bool = False
    by_provider: bool = False
    permission: str = ""
    address: str = ""
    token_id: int | None = None
    token_name: str = ""
    scopes: frozenset[str] | None = None
    token_is_own: bool = True
    is_service: bool = False


def origin_of(person: Person) -> Origin:
    """Where what the person does comes from, as the audit trail says it."""
    return Origin(person.via, person.token_name, session_reference(person.session_digest), person.address)


def is_confirmed(person: Person, now: datetime) -> bool:
    """Whether the person has shown again who they are within the last minutes, in this browser."""
    return person.confirmed_at is not None and is_recent(person.confirmed_at, now, CONFIRMED_FOR)


def digest(secret: str) -> str:
    """What is kept of a secret that is itself random."""
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()


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


def token_lasts(token: ApiToken, staff: Staff, now: datetime) -> bool:
    """Whether the token still opens something: neither revoked nor past its last day, of an account that is active."""
    return token.revoked_at is None and now < token.expires_at and staff.active


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


def session_lasts(browser: BrowserSession, now: datetime, idle: timedelta) -> bool:
    """Whether that session is still good: neither idle for too long nor past its end."""
    return now < browser.expires_at and now - browser.seen_at < idle


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
