"""Issue and revoke API tokens: shown once, kept as their SHA-256, limited by scopes and by a last day."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable
from datetime import datetime, timedelta

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.staff.token_scopes import ALL, checked_scopes, checked_service_scopes, within, write_scopes
from tracker.errors import Invalid, NotAllowed
from tracker.records.column_types import key
from tracker.records.staff import ApiToken, BrowserSession, Staff, sessions_of, tokens_of

PREFIX = "pt_"
DAYS, MOST_DAYS = 90, 365  #: how long a token lasts unless told otherwise, and at the most; assumed


def issue_token(
    session: Session,
    staff: Staff,
    *,
    name: str,
    by: str,
    now: datetime,
    scopes: Iterable[str] = (ALL,),
    days: int = DAYS,
    limit: ApiToken | None = None,
) -> str:
    """A new token of the person or program; the only time that it is seen. Raises ``Invalid`` naming the field.

    ``limit`` is the token that asks for it, if one does: the new one allows no more and lasts no longer, else
    ``NotAllowed``.
    """
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid("give the token a name of 1 to 120 characters, to know it by later", field="name")
    if not staff.active:
        raise Invalid(f"{staff.email} may not sign in", field="email")
    if not 1 <= days <= MOST_DAYS:
        raise Invalid(f"a token lasts 1 to {MOST_DAYS} days", field="days")
    expires = now + timedelta(days=days)
    chosen = checked_service_scopes(scopes) if staff.is_service else checked_scopes(scopes)
    if staff.is_service and not session.get_one(Staff, staff.responsible_id).active:
        raise Invalid(
            f"the account of who answers for {staff.email} has ended: name somebody else first", field="responsible"
        )
    if limit is not None:
        if not within(chosen, frozenset(limit.scopes.split())):
            raise NotAllowed("a token makes no token that allows more than itself")
        expires = min(expires, limit.expires_at)
    secret = PREFIX + secrets.token_urlsafe(32)
    row = ApiToken(
        staff_id=key(staff.id),
        name=name,
        digest=hashlib.sha256(secret.encode()).hexdigest(),
        created_at=now,
        scopes=write_scopes(chosen),
        expires_at=expires,
        issued_by=by,
    )
    session.add(row)
    _enter(session, staff, Event.TOKEN_ISSUED, {"token": name, "scopes": row.scopes, "expires_at": expires}, by, now)
    return secret


def revoke_token(session: Session, staff: Staff, token: ApiToken, *, by: str, now: datetime) -> None:
    """End a token; one that has ended stays as it is."""
    if token.revoked_at is None:
        token.revoked_at = now
        session.add(token)
        _enter(session, staff, Event.TOKEN_REVOKED, {"token": token.name}, by, now)


def end_session(session: Session, staff: Staff, browser: BrowserSession, *, by: str, now: datetime) -> None:
    """Sign one browser of the person out."""
    session.delete(browser)
    _enter(session, staff, Event.STAFF_SESSION_ENDED, {"session": browser.reference}, by, now)


def end_all(
    session: Session, staff: Staff, *, but_session: str = "", but_token: int | None = None, by: str, now: datetime
) -> tuple[int, int]:
    """End every session and token of the person save those named; answers how many of each."""
    sessions = [one for one in sessions_of(session, key(staff.id), now) if one.digest != but_session]
    tokens = [one for one in tokens_of(session, key(staff.id)) if one.revoked_at is None and one.id != but_token]
    for browser in sessions:
        session.delete(browser)
    for token in tokens:
        token.revoked_at = now
        session.add(token)
    told = {"sessions": len(sessions), "tokens": [one.name for one in tokens]}
    _enter(session, staff, Event.STAFF_ALL_ENDED, told, by, now)
    return len(sessions), len(tokens)


def _enter(session: Session, staff: Staff, action: str, detail: dict[str, object], by: str, now: datetime) -> None:
    audit.record(
        session,
        actor=by,
        clinic_id=staff.clinic_id,
        action=action,
        subject=f"staff:{staff.email}",
        detail=detail,
        now=now,
    )
