"""Signing in and out, the password, and the signature that asks for it again.

An unknown email costs as much time and is told the same as a wrong password or a locked account. After five wrong
tries an account is locked for a delay that doubles with each further one. Guessing from one address is slowed too.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlmodel import Session, col, delete

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.passwords import hash_password, matches
from tracker.errors import Invalid, TrackerError
from tracker.records.staff import BrowserSession, Staff, staff_by_email
from tracker.web import csrf
from tracker.web.people import SESSION_HOURS, Person, digest

if TYPE_CHECKING:
    from tracker.web.context import Web

FREE_TRIES = 5
FIRST_LOCK = timedelta(seconds=30)
LONGEST_LOCK = timedelta(hours=1)


class SignInRefused(TrackerError):
    """Email and password don't open a session; the sentence does not say which is at fault."""

    status = 401
    title = "Not signed in"

    def __init__(self) -> None:
        super().__init__(
            "the email or the password is not right, or the account is locked for a while after too many tries"
        )


class WrongPassword(Invalid):
    """A signature, or a change of password, without the person's own password."""

    title = "Not your password"


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the secret for the cookie, and who it belongs to."""

    secret: str
    email: str


def sign_in(web: Web, email: str, password: str, address: str) -> Opened:
    """Open a session. Raises ``SignInRefused``, or ``TooMany`` after many wrong tries from one address."""
    web.limits.strangers.check(f"sign-in {address}")
    now = web.clock()
    with web.database.reading() as session:
        staff = staff_by_email(session, email[:254])
        kept = staff.password_hash if staff is not None and staff.active else None
        locked = staff is not None and staff.locked_until is not None and staff.locked_until > now
    right = matches(password, kept) and not locked
    with web.database.writing() as session:
        staff = staff_by_email(session, email[:254])
        if right and staff is not None and staff.active and staff.password_hash == kept:
            return open_session(session, staff, now, "password")
        _count_failure(session, staff, email, now, locked=locked)
    web.limits.strangers.take(f"sign-in {address}")
    raise SignInRefused


def open_session(session: Session, staff: Staff, now: datetime, how: str) -> Opened:
    """A new session for a person who has shown who they are."""
    secret = secrets.token_urlsafe(32)
    session.exec(delete(BrowserSession).where(col(BrowserSession.expires_at) < now))
    session.add(
        BrowserSession(
            digest=digest(secret),
            staff_id=staff.id or 0,
            csrf=csrf.new_token(),
            created_at=now,
            seen_at=now,
            expires_at=now + timedelta(hours=SESSION_HOURS),
        )
    )
    staff.failed_attempts = 0
    staff.locked_until = None
    session.add(staff)
    _enter(session, staff, Event.STAFF_SIGNED_IN, {"by": how}, now)
    return Opened(secret, staff.email)


def sign_out(web: Web, person: Person) -> None:
    """End the person's session."""
    now = web.clock()
    with web.database.writing() as session:
        session.exec(delete(BrowserSession).where(col(BrowserSession.digest) == person.session_digest))
        staff = session.get(Staff, person.staff_id)
        if staff is not None:
            _enter(session, staff, Event.STAFF_SIGNED_OUT, {}, now)


def change_password(web: Web, person: Person, old: str, new: str) -> None:
    """Set a new password and end every other session of the person. Raises as ``confirm`` and ``hash_password`` do."""
    try:
        confirm(web, person, old)
    except WrongPassword as fault:
        raise WrongPassword(fault.detail, field="old") from None
    if new == old:
        raise Invalid("the new password is the old one", field="new")
    hashed = hash_password(new)
    now = web.clock()
    with web.database.writing() as session:
        staff = session.get(Staff, person.staff_id)
        if staff is None:
            raise SignInRefused
        staff.password_hash = hashed
        staff.password_changed_at = now
        session.add(staff)
        end_sessions(session, person.staff_id, but=person.session_digest)
        _enter(session, staff, Event.STAFF_PASSWORD_CHANGED, {}, now)


def confirm(web: Web, person: Person, password: str) -> None:
    """A signature: the person's password once more. Raises ``WrongPassword``, or ``TooMany`` after many wrong ones."""
    web.limits.signatures.check(person.email)
    with web.database.reading() as session:
        staff = session.get(Staff, person.staff_id)
        kept = staff.password_hash if staff is not None and staff.active else None
    if not matches(password, kept):
        web.limits.signatures.take(person.email)
        raise WrongPassword("that is not your password: nothing was done", field="password")


def end_sessions(session: Session, staff_id: int, *, but: str = "") -> None:
    """End every browser session of a person, save the one with that digest."""
    session.exec(
        delete(BrowserSession).where(col(BrowserSession.staff_id) == staff_id, col(BrowserSession.digest) != but)
    )


def _count_failure(session: Session, staff: Staff | None, email: str, now: datetime, *, locked: bool) -> None:
    if staff is None:
        audit.record(
            session,
            actor="nobody",
            clinic_id=None,
            action=Event.STAFF_SIGN_IN_REFUSED,
            subject="staff:unknown",
            detail={"email_sha256": digest(email.strip().lower())[:16]},  # people type passwords there
            now=now,
        )
        return
    if not locked:
        staff.failed_attempts += 1
        over = staff.failed_attempts - FREE_TRIES
        if over >= 0:
            staff.locked_until = now + min(FIRST_LOCK * 2 ** min(over, 12), LONGEST_LOCK)
        session.add(staff)
    _enter(session, staff, Event.STAFF_SIGN_IN_REFUSED, {"locked": locked, "tries": staff.failed_attempts}, now)


def _enter(session: Session, staff: Staff, action: str, detail: dict[str, object], now: datetime) -> None:
    audit.record(
        session,
        actor=staff.email,
        clinic_id=staff.clinic_id,
        action=action,
        subject=f"staff:{staff.email}",
        detail=detail,
        now=now,
    )
