"""Contact points: add, test, confirm, change, end. One that is not confirmed receives tests and nothing else."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import socket
from datetime import datetime
from typing import Any, Final
from urllib.parse import urlsplit

from email_validator import EmailNotValidError, validate_email
from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.messages.links import code_of
from tracker.actions.messages.push_subscription import read_subscription
from tracker.errors import Conflict, Invalid, NotFound
from tracker.reachable_networks import Forbidden, Network, address_of
from tracker.records.column_types import key
from tracker.records.contact_point import KINDS, ContactPoint, contact_points_of
from tracker.records.message import Message, Outgoing, Type, enqueue
from tracker.records.pump import Clinic
from tracker.records.staff import Staff

MOST: Final = 12
SECRET_PREFIX: Final = "whsec_"  # noqa: S105 - how every such secret begins


def add_contact(
    session: Session,
    staff: Staff,
    *,
    kind: str,
    target: str,
    secret: str | None = None,
    label: str = "",
    confirmed: bool = False,
    allowed: tuple[Network, ...] = (),
    by: str,
    now: datetime,
) -> ContactPoint:
    """Add one. A webhook without a secret is given one. Raises ``Invalid`` naming the field, or ``Conflict``."""
    if staff.is_service:
        raise Invalid("a program has no contact points: they belong to people", field="email")
    if kind not in KINDS:
        raise Invalid(f"kind is one of {', '.join(KINDS)}", field="kind")
    points = contact_points_of(session, [key(staff.id)]).get(key(staff.id), [])
    if len(points) >= MOST:
        raise Conflict(f"a person has at most {MOST} contact points: end one first")
    if kind == "push":
        target, secret = read_subscription(target.strip(), secret)
    target = _checked(kind, target.strip(), allowed)
    if any((one.kind, one.target) == (kind, target) for one in points):
        raise Conflict("this contact point is there already")
    if kind == "webhook":
        secret = (
            _checked_secret(secret) if secret else SECRET_PREFIX + base64.b64encode(secrets.token_bytes(24)).decode()
        )
    elif secret and kind != "push":
        raise Invalid("only a webhook has a secret", field="secret")
    point = ContactPoint(
        staff_id=key(staff.id),
        kind=kind,
        target=target,
        secret=secret,
        label=label.strip()[:80],
        created_at=now,
        created_by=by,
        confirmed_at=now if confirmed else None,
    )
    session.add(point)
    session.flush()
    _enter(session, staff, Event.CONTACT_ADDED, by, point, {"confirmed": confirmed}, now)
    return point


def contact_of(session: Session, staff: Staff, contact_id: int) -> ContactPoint:
    """The person's own contact point in use. Raises ``NotFound`` alike for none and for somebody else's."""
    point = session.get(ContactPoint, contact_id)
    if point is None or point.staff_id != staff.id or point.ended_at is not None:
        raise NotFound("you have no such contact point")
    return point


def test_contact(
    session: Session, staff: Staff, point: ContactPoint, *, signing_key: str, now: datetime, by: str
) -> Message:
    """Queue a test message with the code that confirms the point. ``by``: who asked."""
    clinic = session.get_one(Clinic, staff.clinic_id)
    data: dict[str, Any] = {
        "clinic": clinic.name,
        "priority": "low",
        "pump": None,
        "patient": None,
        "what": "This is a test",
        "code": code_of(signing_key, key(point.id), point.target),  # leaves with the message; no list shows it
        "why": "Somebody asked the tracker to send a test to this contact point.",
        "next_step": "Enter the code on your notifications page to confirm that it arrived.",
        "since": now.isoformat(),
        "step": None,
    }
    outgoing = Outgoing(key(point.id), key(staff.id), staff.clinic_id, None, Type.TEST, 3, data)
    (message,) = enqueue(session, [outgoing], now)
    _enter(session, staff, Event.CONTACT_TESTED, by, point, {"message": message.id}, now)
    return message


def confirm_contact(
    session: Session, staff: Staff, point: ContactPoint, code: str, *, signing_key: str, now: datetime
) -> None:
    """Rely on the point from now on. Raises ``Conflict`` for another code than the test carried."""
    right = code_of(signing_key, key(point.id), point.target)
    if not hmac.compare_digest(right.encode(), code.strip().encode()):
        raise Conflict("this is not the code of the test message")
    if point.confirmed_at is None:
        point.confirmed_at = now
        session.add(point)
        _enter(session, staff, Event.CONTACT_CHANGED, staff.email, point, {"confirmed": True}, now)


def change_contact(
    session: Session, staff: Staff, point: ContactPoint, wanted: dict[str, Any], now: datetime
) -> ContactPoint:
    """Set its label, or which priorities go there."""
    for name in ("label", "high", "medium", "low"):
        if name in wanted:
            setattr(point, name, wanted[name])
    session.add(point)
    _enter(session, staff, Event.CONTACT_CHANGED, staff.email, point, wanted, now)
    return point


def end_contact(session: Session, staff: Staff, point: ContactPoint, now: datetime) -> None:
    """Send nothing there any more; its past messages stay."""
    point.ended_at, point.ended_because = now, f"ended by {staff.email}"
    session.add(point)
    _enter(session, staff, Event.CONTACT_CHANGED, staff.email, point, {"ended": True}, now)


def _checked(kind: str, target: str, allowed: tuple[Network, ...]) -> str:
    if not target or len(target) > 1000 or not target.isprintable():
        raise Invalid("give the address, in at most 1000 characters", field="target")
    if kind == "email":
        try:
            return validate_email(target, check_deliverability=False, test_environment=True).normalized
        except EmailNotValidError:
            raise Invalid("this is not an email address", field="target") from None
    if kind == "apprise":
        import apprise  # noqa: PLC0415 - it is slow to load, and only a new address of this kind needs it

        if apprise.Apprise.instantiate(target, suppress_exceptions=True) is None:
            raise Invalid("this is not an Apprise address, such as ntfy://topic", field="target")
        return target
    return _checked_url(kind, target, allowed)


def _checked_url(kind: str, target: str, allowed: tuple[Network, ...]) -> str:
    parts = urlsplit(target)
    try:
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        raise Invalid("this URL has no usable port", field="target") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise Invalid("the address begins with https:// and names a host", field="target")
    if kind == "push" and parts.scheme != "https" and not allowed:
        raise Invalid("a push service's address begins with https://", field="target")
    try:
        address_of(parts.hostname, port, allowed)
    except Forbidden as fault:
        raise Invalid(str(fault), field="target") from None
    except (socket.gaierror, UnicodeError):
        pass  # a name that can't be looked up now: the test will tell
    return target


def _checked_secret(secret: str) -> str:
    try:
        raw = base64.b64decode(secret.removeprefix(SECRET_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raw = b""
    if not secret.startswith(SECRET_PREFIX) or not 16 <= len(raw) <= 64:
        raise Invalid("a webhook's secret is whsec_ and 16 to 64 bytes in base64", field="secret")
    return secret


def _enter(
    session: Session, staff: Staff, event: Event, by: str, point: ContactPoint, detail: dict[str, Any], now: datetime
) -> None:
    """The entry names the point by number and kind; its address may hold a password and stays out."""
    audit.record(
        session,
        actor=by,
        clinic_id=staff.clinic_id,
        action=event,
        subject=f"contact:{point.id}",
        detail={"of": staff.email, "kind": point.kind} | detail,
        now=now,
    )
