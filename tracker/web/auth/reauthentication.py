"""Showing again who one is: for a signature, which holds for some minutes, or for one emergency access.

Each try is counted before the password or the code is compared (``tracker.actions.staff.sign_in_tries``).
"""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.staff.passwords import matches
from tracker.actions.staff.second_factor import RECOVERY_CODE_LENGTH, take_code
from tracker.actions.staff.sign_in_tries import CODE, SIGNATURE, account_of, count_right, count_try
from tracker.errors import Invalid, NotAllowed
from tracker.recent import is_recent
from tracker.records.second_factor import has_factor
from tracker.records.staff import BrowserSession, Staff
from tracker.web.app_state import Web
from tracker.web.auth.rate_limits import TooMany
from tracker.web.auth.user import CONFIRMED_FOR, Person, is_confirmed

_CODE_LENGTH = 6


class NoPasswords(NotAllowed):
    """The installation has switched passwords off."""

    title = "Use your organization's sign-in"

    def __init__(self) -> None:
        super().__init__("passwords are switched off here: use your organization's sign-in", field="password")


class WrongPassword(Invalid):
    """A signature, or a change of password, without the person's own password."""

    title = "Not your password"


class FactorAsked(WrongPassword):
    """A signature with a password alone, by a person who has a second factor."""

    title = "Show your second factor"

    def __init__(self) -> None:
        super().__init__(
            "your account has a second factor: give a code of your app or a recovery code, or use your passkey",
            field="password",
        )


def confirm(web: Web, person: Person, secret: str) -> None:
    """A signature: the person shows once more who they are; it holds for some minutes in this browser.

    Who has a second factor shows a code of their app or a recovery code, since this browser's session was opened with
    the password before; who has none, the password. With an empty ``secret``, whether they have shown it within those
    minutes, by a passkey too. Raises ``WrongPassword``, ``FactorAsked``, or ``TooMany`` after many wrong ones.
    """
    now = web.clock()
    if not secret and is_confirmed(person, now):
        return
    _require_right(web, person, secret, now)
    with web.database.writing() as session:
        mark_confirmed(session, person, now)


def confirm_emergency(web: Web, person: Person, secret: str) -> None:
    """As ``confirm``, for one emergency access alone: what was shown for a signature does not serve, nor the reverse.

    With an empty ``secret``, a passkey or the provider that was asked on the page of emergency access, which uses it
    up.
    """
    now = web.clock()
    if secret:
        _require_right(web, person, secret, now)
        return
    with web.database.writing() as session:
        browser = session.get(BrowserSession, person.session_digest)
        shown = None if browser is None else browser.emergency_confirmed_at
        if browser is not None:
            browser.emergency_confirmed_at = None
            session.add(browser)
    if shown is None or not is_recent(shown, now, CONFIRMED_FOR):
        raise WrongPassword("show for this access who you are: nothing was done", field="password")


def mark_confirmed(session: Session, person: Person, now: datetime, *, for_emergency: bool = False) -> None:
    """The person has just shown again who they are: for signatures, or for one emergency access."""
    browser = session.get(BrowserSession, person.session_digest)
    if browser is not None:
        setattr(browser, "emergency_confirmed_at" if for_emergency else "confirmed_at", now)
        session.add(browser)


def _require_right(web: Web, person: Person, secret: str, now: datetime) -> None:
    code = secret.strip().replace(" ", "")
    with web.database.reading() as session:
        asked = has_factor(session, person.staff_id)
    if len(code) == _CODE_LENGTH and code.isdecimal():
        right = _right_code(web, person, code, now)
    elif asked:
        if not (_is_recovery_code(code) and _right_code(web, person, code, now)):
            raise FactorAsked
        right = True
    else:
        right = right_password(web, person, secret, now)
    if not right:
        raise WrongPassword("that is not your password: nothing was done", field="password")


def _is_recovery_code(code: str) -> bool:
    return len([one for one in code if one.isalnum()]) == RECOVERY_CODE_LENGTH


def right_password(web: Web, person: Person, password: str, now: datetime) -> bool:
    """Whether it is the person's password. The try is counted; raises ``TooMany`` or ``NoPasswords``."""
    if not web.settings.password_sign_in:
        raise NoPasswords
    account = account_of(person.email)
    with web.database.writing() as session:
        staff = session.get(Staff, person.staff_id)
        kept = staff.password_hash if staff is not None and staff.active else None
        wait = count_try(session, account, (SIGNATURE,), now)
        if wait is not None:
            enter_unconfirmed(session, person, "password", now, compared=False)
    if wait is not None:
        raise TooMany((wait - now).total_seconds())
    if not matches(password, kept):
        with web.database.writing() as session:
            enter_unconfirmed(session, person, "password", now)
        return False
    with web.database.writing() as session:
        count_right(session, account, (SIGNATURE,), now)
    return True


def _right_code(web: Web, person: Person, code: str, now: datetime) -> bool:
    account = account_of(person.email)
    with web.database.writing() as session:
        wait = count_try(session, account, (CODE,), now)
        if wait is not None:
            enter_unconfirmed(session, person, "code", now, compared=False)
    if wait is not None:
        raise TooMany((wait - now).total_seconds())
    with web.database.writing() as session:
        staff = session.get(Staff, person.staff_id)
        if staff is None or not staff.active or take_code(session, web.key, staff, code, now) is None:
            enter_unconfirmed(session, person, "code", now)
            return False
        count_right(session, account, (CODE,), now)
    return True


def enter_unconfirmed(session: Session, person: Person, by: str, now: datetime, *, compared: bool = True) -> None:
    """Enter that who sits at the person's browser could not show that they are the person."""
    audit.record(
        session,
        actor=person.email,
        clinic_id=person.clinic_id,
        action=Event.STAFF_CONFIRMATION_REFUSED,
        subject=f"staff:{person.email}",
        detail={"by": by} if compared else {"by": by, "compared": False},
        now=now,
    )
