"""One's own sign-ins and tokens, for the page and the API alike: each act in one transaction, on one's own alone."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

from sqlmodel import Session

from tracker.actions.staff.issue_token import DAYS, end_all, end_session, issue_token, revoke_token
from tracker.actions.staff.token_scopes import ALL
from tracker.errors import Conflict, NotFound
from tracker.records.staff import ApiToken, BrowserSession, Staff, sessions_of
from tracker.web.app_state import Web
from tracker.web.auth.reauthentication import confirm
from tracker.web.auth.user import Person

_BROWSERS: Final = (
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("Firefox", "Firefox"),
    ("Chrom", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS: Final = (
    ("Android", "Android"),
    ("iPhone|iPad", "iOS"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def make_own_token(
    web: Web,
    person: Person,
    *,
    name: str,
    scopes: Iterable[str] = (ALL,),
    days: int = DAYS,
    password: str | None = None,
) -> str:
    """A new token, made by its person; it asks a browser for the password.

    Raises as ``confirm`` and ``issue_token`` do.
    """
    if person.via == "browser":
        confirm(web, person, password or "")
    with web.database.writing() as session:
        staff = session.get_one(Staff, person.staff_id)
        limit = None if person.token_id is None else session.get_one(ApiToken, person.token_id)
        return issue_token(
            session, staff, name=name, scopes=scopes, days=days, by=person.email, now=web.clock(), limit=limit
        )


def revoke_own_token(web: Web, person: Person, token_id: int) -> ApiToken:
    """The token opens nothing any more. Raises ``NotFound`` for one that is not the person's.

    A token does not end itself, ``Conflict``: a program that tries things out would shut itself out.
    """
    if token_id == person.token_id:
        raise Conflict("this is the token that asks: end it in a browser, or by another token")
    with web.database.writing() as session:
        token = session.get(ApiToken, token_id)
        if token is None or token.staff_id != person.staff_id:
            raise NotFound("you have no such token")
        revoke_token(session, session.get_one(Staff, person.staff_id), token, by=person.email, now=web.clock())
        return token


def own_sessions(session: Session, web: Web, person: Person) -> list[BrowserSession]:
    """The browsers in which the person is signed in, the last seen first."""
    return sessions_of(session, person.staff_id, web.clock(), idle_minutes=web.settings.idle_minutes)


def end_own_session(web: Web, person: Person, reference: str) -> None:
    """Sign one browser out. Raises ``NotFound`` for a session that is not the person's."""
    with web.database.writing() as session:
        for browser in own_sessions(session, web, person):
            if browser.reference == reference:
                staff = session.get_one(Staff, person.staff_id)
                end_session(session, staff, browser, by=person.email, now=web.clock())
                return
    raise NotFound("you have no such sign-in")


def end_all_others(web: Web, person: Person) -> tuple[int, int]:
    """End every session and token of the person save the one that asks; how many of each."""
    with web.database.writing() as session:
        return end_all(
            session,
            session.get_one(Staff, person.staff_id),
            but_session=person.session_digest,
            but_token=person.token_id,
            by=person.email,
            now=web.clock(),
        )


def browser_name(agent: str | None) -> str:
    """Browser and system by what the browser calls itself, as ``Firefox on Windows``; else its own words."""
    if not agent:
        return "Unknown browser"
    browser = next((name for mark, name in _BROWSERS if re.search(mark, agent)), None)
    system = next((name for mark, name in _SYSTEMS if re.search(mark, agent)), None)
    if browser is None:
        return agent[:60]
    return browser if system is None else f"{browser} on {system}"
