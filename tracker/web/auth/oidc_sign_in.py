"""OpenID Connect: the authorization code flow with PKCE, state and nonce, for accounts that exist already.

The provider says who somebody is; whether they have an account, at which clinic and in what role, stays here. At the
first sign-in the account is found by a verified email, and from then on by the provider's own subject.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import secrets
from datetime import datetime
from urllib.parse import urlsplit

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.errors import NotAllowed
from tracker.records.staff import Staff, staff_by_email, staff_by_subject
from tracker.web.auth.oidc_client import Claims, Flow, ProviderRefused
from tracker.web.auth.reauthentication import mark_confirmed
from tracker.web.auth.sign_in import Opened, open_session
from tracker.web.auth.user import BY_PROVIDER, Person

COOKIE = "tracker_oidc"
FLOW_S = 600
EMERGENCY_PAGE = "/emergency"  #: a confirmation that was asked for there serves one emergency access alone
_LEEWAY_S = 60
_AUTH_LEEWAY_S = 10  #: how far the provider's clock may be behind, before an old sign-in would pass for a new one


class NotAskedAgain(NotAllowed):
    """The provider's answer does not show that it has just asked this person who they are."""

    title = "Not confirmed"

    def __init__(self) -> None:
        super().__init__(
            "your organization did not ask again who you are, or named somebody else: go back, and confirm once more"
        )


def new_flow(came_from: str, now: datetime, confirms: str = "") -> Flow:
    """The start of one sign-in, or of showing again who one is for a signature."""
    return Flow(
        secrets.token_urlsafe(24),
        secrets.token_urlsafe(24),
        secrets.token_urlsafe(48),
        came_from,
        now.timestamp(),
        confirms,
    )


def sealed(key: bytes, flow: Flow) -> str:
    """The flow as the browser carries it."""
    body = base64.urlsafe_b64encode(
        json.dumps([flow.state, flow.nonce, flow.verifier, flow.next, flow.started, flow.confirms]).encode()
    ).decode()
    return f"{body}.{_seal(key, body)}"


def unsealed(key: bytes, cookie: str, state: str, now: datetime) -> Flow:
    """The flow that the browser carried. Raises ``ProviderRefused`` for one of another browser, or too old."""
    body, _, seal = cookie.rpartition(".")
    if not body or not hmac.compare_digest(seal.encode("utf-8", "replace"), _seal(key, body).encode()):
        raise ProviderRefused
    flow = Flow(*json.loads(base64.urlsafe_b64decode(body)))
    if not hmac.compare_digest(flow.state.encode(), state.encode("utf-8", "replace")):
        raise ProviderRefused
    if not 0 <= now.timestamp() - flow.started <= FLOW_S:
        raise ProviderRefused
    return flow


def open_for(session: Session, issuer: str, claims: Claims, now: datetime, device: str = "") -> Opened:
    """A session for the account of that person. Raises ``ProviderRefused`` where there is none that may sign in."""
    subject = f"{issuer.rstrip('/')}#{claims.subject}"[:255]
    staff = staff_by_subject(session, subject)
    if staff is None and claims.email is not None:
        staff = staff_by_email(session, claims.email)
        if staff is not None and staff.oidc_subject is None and staff.active:
            _bind(session, staff, subject, now)
    if staff is None or not staff.active or staff.oidc_subject != subject:
        raise ProviderRefused
    return open_session(session, staff, now, BY_PROVIDER, device)


def confirm_by(session: Session, issuer: str, claims: Claims, flow: Flow, person: Person, now: datetime) -> None:
    """The provider has asked the person again who they are: signatures take it for some minutes.

    Raises ``NotAskedAgain`` for somebody else, for another browser's session, and where ``auth_time`` does not say
    that the person was asked after this began: providers may answer from a session of their own.
    """
    staff = session.get(Staff, person.staff_id)
    subject = f"{issuer.rstrip('/')}#{claims.subject}"[:255]
    asked_again = claims.authenticated_at is not None and (
        flow.started - _AUTH_LEEWAY_S <= claims.authenticated_at <= now.timestamp() + _LEEWAY_S
    )
    if staff is None or staff.oidc_subject != subject or person.session_digest != flow.confirms or not asked_again:
        raise NotAskedAgain
    mark_confirmed(session, person, now, for_emergency=urlsplit(flow.next).path == EMERGENCY_PAGE)


def _bind(session: Session, staff: Staff, subject: str, now: datetime) -> None:
    staff.oidc_subject = subject
    session.add(staff)
    audit.record(
        session,
        actor=staff.email,
        clinic_id=staff.clinic_id,
        action=Event.STAFF_BOUND,
        subject=f"staff:{staff.email}",
        detail={"provider": subject.partition("#")[0]},
        now=now,
    )


def _seal(key: bytes, body: str) -> str:
    return hmac.new(key, b"oidc\0" + body.encode("utf-8", "replace"), hashlib.sha256).hexdigest()
