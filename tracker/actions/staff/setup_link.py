"""A set-up link: its person opens it and chooses the password; whoever made it never knows one that signs."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session, col, delete

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.staff.sign_in_tries import lift_waits
from tracker.errors import Invalid, TrackerError
from tracker.records.column_types import key
from tracker.records.setup_link import SetupLink, drop_links, link_with_staff
from tracker.records.staff import BrowserSession, Staff

LINK_LASTS: Final = timedelta(hours=24)
PATH: Final = "/sign-in/set-up"
KEY: Final = "key"


class LinkOver(TrackerError):
    """The link was used, was replaced by a newer one, has run out, or never was."""

    status = 404
    title = "This link no longer works"

    def __init__(self) -> None:
        super().__init__("the link was used, replaced or is older than 24 hours: ask your administrator for a new one")


def make_link(session: Session, staff: Staff, *, by: str, now: datetime) -> str:
    """A new link for the person, instead of earlier ones: its address from the path on, shown once.

    The key stands behind ``#``, which no browser sends: it is in no log of a proxy and in no Referer.
    """
    if staff.is_service:
        raise Invalid(f"{staff.email} is a program's: it has tokens and no password", field="email")
    if not staff.active:
        raise Invalid(f"{staff.email} may not sign in", field="email")
    secret = secrets.token_urlsafe(32)
    drop_links(session, key(staff.id), now)
    link = SetupLink(
        digest=_digest(secret), staff_id=key(staff.id), made_by=by, made_at=now, expires_at=now + LINK_LASTS
    )
    session.add(link)
    _enter(session, staff, Event.STAFF_LINK_MADE, by, {"until": link.expires_at}, now)
    return f"{PATH}#{KEY}={secret}"


def person_of_link(session: Session, secret: str, now: datetime) -> Staff:
    """Whose link it is. Raises ``LinkOver``."""
    found = link_with_staff(session, _digest(secret), now)
    if found is None:
        raise LinkOver
    return found[1]


def key_in(given: str) -> str:
    """The key in what a person pasted: the link, or only what stands at its end."""
    return given.strip().rpartition(f"{KEY}=")[2]


def use_link(session: Session, secret: str, password_hash: str, now: datetime) -> Staff:
    """Take the password that the link's person chose; the link is used up. Raises ``LinkOver``.

    Every sign-in of the person ends. A second factor stays: the link is no way around it.
    """
    found = link_with_staff(session, _digest(secret), now)
    if found is None:
        raise LinkOver
    link, staff = found
    staff.password_hash, staff.password_set_by, staff.password_changed_at = password_hash, None, now
    session.add(staff)
    session.exec(delete(BrowserSession).where(col(BrowserSession.staff_id) == staff.id))
    lift_waits(session, staff.email)
    detail: dict[str, object] = {"by": "set-up link", "link_made_by": link.made_by}
    drop_links(session, key(staff.id), now)
    _enter(session, staff, Event.STAFF_PASSWORD_CHANGED, staff.email, detail, now)
    return staff


def _digest(secret: str) -> str:
    return hashlib.sha256(b"setup\0" + secret.encode("utf-8", "replace")).hexdigest()


def _enter(session: Session, staff: Staff, event: Event, by: str, detail: dict[str, object], now: datetime) -> None:
    audit.record(
        session,
        actor=by,
        clinic_id=staff.clinic_id,
        action=event,
        subject=f"staff:{staff.email}",
        detail=detail,
        now=now,
    )
