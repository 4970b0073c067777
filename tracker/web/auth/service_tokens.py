"""The tokens of a clinic's service accounts, for the page and the API alike: its administrators make and end them."""

from __future__ import annotations

from collections.abc import Iterable

from sqlmodel import Session

from tracker.actions.staff.issue_token import DAYS, issue_token, revoke_token
from tracker.errors import NotFound
from tracker.records.staff import ApiToken, Staff
from tracker.web.app_state import Web
from tracker.web.auth.reauthentication import confirm
from tracker.web.auth.user import Person


def service_of(session: Session, person: Person, service_id: int) -> Staff:
    """The service account of the person's clinic. Raises ``NotFound``, for a person's account too."""
    found = session.get(Staff, service_id)
    if found is None or not found.is_service or found.clinic_id != person.clinic_id:
        raise NotFound("your clinic has no such service account")
    return found


def make_service_token(
    web: Web,
    person: Person,
    service_id: int,
    *,
    name: str,
    scopes: Iterable[str],
    days: int = DAYS,
    password: str | None = None,
) -> str:
    """A new token of the service account; it asks a browser for the administrator's own password.

    Raises as ``confirm`` and ``issue_token`` do.
    """
    with web.database.reading() as session:
        service_of(session, person, service_id)
    if person.via == "browser":
        confirm(web, person, password or "")
    with web.database.writing() as session:
        limit = None if person.token_id is None else session.get_one(ApiToken, person.token_id)
        return issue_token(
            session,
            service_of(session, person, service_id),
            name=name,
            scopes=scopes,
            days=days,
            by=person.email,
            now=web.clock(),
            limit=limit,
        )


def revoke_service_token(web: Web, person: Person, service_id: int, token_id: int) -> ApiToken:
    """The token opens nothing any more. Raises ``NotFound`` for one of another account."""
    with web.database.writing() as session:
        service = service_of(session, person, service_id)
        token = session.get(ApiToken, token_id)
        if token is None or token.staff_id != service.id:
            raise NotFound("the service account has no such token")
        revoke_token(session, service, token, by=person.email, now=web.clock())
        return token
