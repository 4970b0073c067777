"""Acknowledge links: for one message and one person, good until the alarm ends or for a day.

Nothing is kept of a link: it names the message and is signed. What it may still do, the message's own record says.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlmodel import Session

from tracker.errors import TrackerError
from tracker.records.message import Message
from tracker.records.notification import Notification, open_notifications_by_id
from tracker.records.staff import Staff

LASTS: Final = timedelta(hours=24)
_SIGNATURE_BYTES: Final = 18


class LinkOver(TrackerError):
    """The link is none of ours, has run out, or what it speaks of is over."""

    status = 404
    title = "This link no longer works"


class Opened(NamedTuple):
    """What a link opens: its message, its person, and those of its notifications that are not over."""

    message: Message
    staff: Staff
    notifications: list[Notification]


def token_of(key: str, message_id: str, staff_id: int) -> str:
    """The token of that message for that person, for the end of an address."""
    body = f"{staff_id}.{message_id}".encode()
    return base64.urlsafe_b64encode(_sign(key, body) + body).decode().rstrip("=")


def code_of(key: str, contact_point_id: int, target: str) -> str:
    """The six digits by which a person shows that a test message arrived at that contact point."""
    digest = hmac.new(key.encode(), f"confirm\0{contact_point_id}\0{target}".encode(), hashlib.sha256).digest()
    return f"{int.from_bytes(digest[:8]) % 1_000_000:06}"


def open_link(session: Session, key: str, token: str, now: datetime) -> Opened:
    """What the link opens. It changes nothing. Raises ``LinkOver`` with a sentence for whoever holds it."""
    named = _read(key, token)
    message = None if named is None else session.get(Message, named[1])
    staff = None if named is None else session.get(Staff, named[0])
    if message is None or staff is None or message.staff_id != staff.id or not staff.active:
        raise LinkOver("this is not a link from a message: open the tracker and sign in")
    if now - message.created_at > LASTS:
        raise LinkOver("this link is older than 24 hours: open the tracker and sign in")
    found = open_notifications_by_id(session, message.notification_ids)
    if not found:
        raise LinkOver("this alarm is over: there is nothing left to acknowledge")
    return Opened(message, staff, found)


def _read(key: str, token: str) -> tuple[int, str] | None:
    try:
        raw = base64.urlsafe_b64decode(token.encode("ascii") + b"=" * (-len(token) % 4))
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, _sign(key, body)):
            return None
        person, _, message_id = body.decode("ascii").partition(".")
        return int(person), message_id
    except ValueError:
        return None


def _sign(key: str, body: bytes) -> bytes:
    return hmac.new(key.encode(), b"acknowledge\0" + body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
