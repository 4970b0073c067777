"""The second half of a sign-in: a code of the app, a recovery code or a passkey, after the password was right."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from tracker.actions.staff.passkeys import PasskeyRefused, Place, begin_check, check_passkey
from tracker.actions.staff.second_factor import begun_step, take_code
from tracker.actions.staff.sign_in_tries import CODE, account_of, count_right, count_try
from tracker.errors import TrackerError
from tracker.records.column_types import key
from tracker.records.second_factor import PendingStep, passkeys_of
from tracker.records.staff import Staff
from tracker.web.app_state import Web
from tracker.web.auth.sign_in import Opened, open_session, refuse
from tracker.web.auth.user import digest


class StepOver(TrackerError):
    """The sign-in that was begun has run out, or was never begun in this browser."""

    status = 401
    title = "Start again"

    def __init__(self) -> None:
        super().__init__("this sign-in took longer than five minutes: start again with your password")


class CodeRefused(TrackerError):
    """Not the code that the app shows, or a recovery code that is none."""

    status = 401
    title = "Not signed in"

    def __init__(self) -> None:
        super().__init__("that code is not right, was used already, or there were too many tries", field="code")


def ways_of(web: Web, step: str) -> bool:
    """Whether the person who has begun this sign-in has a passkey. Raises ``StepOver``."""
    with web.database.writing() as session:
        _, staff = _begun(session, step, web.clock())
        return bool(passkeys_of(session, key(staff.id)))


def by_code(web: Web, step: str, code: str) -> Opened:
    """Finish by a code. Raises ``StepOver`` or ``CodeRefused``; the try is counted before the code is compared."""
    now = web.clock()
    with web.database.writing() as session:
        _, staff = _begun(session, step, now)
        account = account_of(staff.email)
        wait = count_try(session, account, (CODE,), now)
        if wait is not None:
            refuse(session, staff, staff.email, now, uncompared_until=wait)
    if wait is not None:
        raise CodeRefused
    with web.database.writing() as session:
        begun, staff = _begun(session, step, now)
        shown = take_code(session, web.key, staff, code, now)
        if shown is None:
            refuse(session, staff, staff.email, now)
            opened = None
        else:
            count_right(session, account, (CODE,), now)
            opened = _open(session, begun, staff, shown, now)
    if opened is None:
        raise CodeRefused
    return opened


def passkey_challenge(web: Web, step: str, place: Place) -> tuple[str, dict[str, Any]]:
    """A challenge to the passkeys of who has begun this sign-in."""
    now = web.clock()
    with web.database.writing() as session:
        _, staff = _begun(session, step, now)
        return begin_check(session, place, staff, now)


def by_passkey(web: Web, step: str, place: Place, challenge: str, answer: Mapping[str, Any]) -> Opened:
    """Finish by a passkey. Raises ``StepOver`` or ``PasskeyRefused``."""
    now = web.clock()
    refused: PasskeyRefused | None = None
    with web.database.writing() as session:
        begun, staff = _begun(session, step, now)
        try:
            check_passkey(session, place, staff, challenge, answer, now)
            opened = _open(session, begun, staff, "passkey", now)
        except PasskeyRefused as fault:
            refused = fault
            refuse(session, staff, staff.email, now)
    if refused is not None:
        raise refused
    return opened


def _begun(session: Session, step: str, now: datetime) -> tuple[PendingStep, Staff]:
    begun = begun_step(session, step, "sign-in", now)
    staff = None if begun is None else session.get(Staff, begun.staff_id)
    if begun is None or staff is None or not staff.active:
        raise StepOver
    if begun.state["password"] != digest(staff.password_hash or ""):
        raise StepOver
    return begun, staff


def _open(session: Session, begun: PendingStep, staff: Staff, shown: str, now: datetime) -> Opened:
    session.delete(begun)
    return open_session(session, staff, now, f"password and {shown}", str(begun.state["device"]))
