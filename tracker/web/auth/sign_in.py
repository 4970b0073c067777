"""Signing in and out, the password, and the signature that asks for it again.

An unknown email costs as much time and is told the same as a wrong password or an account that must wait. Each try is
counted before the password is compared (``tracker.actions.staff.sign_in_tries``).
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlmodel import Session, col, delete

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.origin import origin
from tracker.actions.staff.passwords import hash_password, matches
from tracker.actions.staff.second_factor import begin_step
from tracker.actions.staff.sign_in_tries import (
    EVERYWHERE,
    account_of,
    address_place,
    count_right,
    count_try,
    device_place,
    network_of,
    remember_device,
)
from tracker.errors import Invalid, SignInRefused
from tracker.records.column_types import key
from tracker.records.second_factor import has_factor
from tracker.records.sign_in import device_of
from tracker.records.staff import BrowserSession, Staff, staff_by_email
from tracker.web.app_state import Web
from tracker.web.auth import csrf
from tracker.web.auth.reauthentication import NoPasswords, WrongPassword, right_password
from tracker.web.auth.user import SESSION_HOURS, Person, digest


@dataclass(frozen=True, slots=True)
class Opened:
    """A new session: the secrets for the two cookies, and who it belongs to.

    Where a second factor is asked for, ``secret`` is empty and ``step`` finds what has begun.
    """

    secret: str
    email: str
    device: str
    step: str = ""


def sign_in(web: Web, email: str, password: str, address: str, device: str = "") -> Opened:
    """Open a session. Raises ``SignInRefused``, or ``TooMany`` after many wrong tries from one address.

    ``device`` is the secret of the browser's cookie, empty where it has none.
    """
    if not web.settings.password_sign_in:
        raise NoPasswords
    web.limits.strangers.take(f"sign-in {network_of(address)}")
    email, now = email[:254], web.clock()
    with web.database.writing() as session:
        staff = staff_by_email(session, email)
        known = staff is not None and device_of(session, key(staff.id), digest(device)) is not None
        places = (device_place(digest(device)),) if known else (address_place(address), EVERYWHERE)
        wait = count_try(session, account_of(email), places, now)
        if wait is not None:
            refuse(session, staff, email, now, uncompared_until=wait)
        kept = staff.password_hash if staff is not None and staff.active else None
    right = wait is None and matches(password, kept)
    if wait is not None:
        raise SignInRefused
    with web.database.writing() as session:
        staff = staff_by_email(session, email)
        if right and staff is not None and staff.active and staff.password_hash == kept:
            count_right(session, account_of(email), places, now)
            opened = _open_or_ask(session, staff, now, device)
        else:
            refuse(session, staff, email, now)
            opened = None
    if opened is None:
        raise SignInRefused
    web.limits.strangers.give_back(f"sign-in {network_of(address)}")
    return opened


def _open_or_ask(session: Session, staff: Staff, now: datetime, device: str) -> Opened:
    if not has_factor(session, key(staff.id)):
        return open_session(session, staff, now, "password", device)
    begun: dict[str, object] = {"device": device, "password": digest(staff.password_hash or "")}
    return Opened("", staff.email, device, begin_step(session, key(staff.id), "sign-in", begun, now))


def open_session(session: Session, staff: Staff, now: datetime, how: str, device: str = "") -> Opened:
    """A new session for a person who has shown who they are; their browser is known from now on."""
    if staff.is_service:
        raise SignInRefused
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
            opened_by=how,
            browser=origin().browser[:200] or None,
            address=origin().address or None,
        )
    )
    device = device or secrets.token_urlsafe(32)
    remember_device(session, staff, digest(device), now)
    _enter(session, staff, Event.STAFF_SIGNED_IN, {"by": how}, now)
    return Opened(secret, staff.email, device)


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
    if not right_password(web, person, old, web.clock()):
        raise WrongPassword("that is not your password: nothing was done", field="old")
    if new == old:
        raise Invalid("the new password is the old one", field="new")
    hashed = hash_password(new, about=(person.email, person.name, person.clinic_name))
    now = web.clock()
    with web.database.writing() as session:
        staff = session.get(Staff, person.staff_id)
        if staff is None:
            raise SignInRefused
        staff.password_hash = hashed
        staff.password_set_by = None
        staff.password_changed_at = now
        session.add(staff)
        end_sessions(session, person.staff_id, but=person.session_digest)
        _enter(session, staff, Event.STAFF_PASSWORD_CHANGED, {}, now)


def end_sessions(session: Session, staff_id: int, *, but: str = "") -> None:
    """End every browser session of a person, save the one with that digest."""
    session.exec(
        delete(BrowserSession).where(col(BrowserSession.staff_id) == staff_id, col(BrowserSession.digest) != but)
    )


def refuse(
    session: Session, staff: Staff | None, email: str, now: datetime, *, uncompared_until: datetime | None = None
) -> None:
    """Enter a refused try in the audit trail, under the account or, where there is none, under nobody."""
    waits: dict[str, object] = {} if uncompared_until is None else {"uncompared_until": uncompared_until.isoformat()}
    if staff is not None:
        _enter(session, staff, Event.STAFF_SIGN_IN_REFUSED, waits, now)
        return
    audit.record(
        session,
        actor="nobody",
        clinic_id=None,
        action=Event.STAFF_SIGN_IN_REFUSED,
        subject="staff:unknown",
        detail={"email_sha256": digest(email.strip().lower())[:16], **waits},  # people type passwords there
        now=now,
    )


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
