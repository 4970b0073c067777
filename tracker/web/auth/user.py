"""A signed-in user as requests see them, and how long what they signed in with lasts."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from tracker.actions.origin import Origin
from tracker.recent import is_recent
from tracker.records.staff import ApiToken, BrowserSession, Staff, session_reference

SESSION_HOURS = 12
CONFIRMED_FOR = timedelta(minutes=5)  #: so long what was shown for one signature serves for the next; assumed
BY_PROVIDER = "openid connect"


@dataclass(frozen=True, slots=True)
class Person:
    """Who is asking. ``session_digest`` and ``csrf`` are empty for a token.

    ``refreshing`` says that an open page refreshes itself, with no person at it; ``confirmed_at``, when the
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


def token_lasts(token: ApiToken, staff: Staff, now: datetime) -> bool:
    """Whether the token still opens something: neither revoked nor past its last day, of an account that is active."""
    return token.revoked_at is None and now < token.expires_at and staff.active


def session_lasts(browser: BrowserSession, now: datetime, idle: timedelta) -> bool:
    """Whether that session is still good: neither idle for too long nor past its end."""
    return now < browser.expires_at and now - browser.seen_at < idle
