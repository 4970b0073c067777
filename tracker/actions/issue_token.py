"""Issue and revoke API tokens: shown once, kept as their SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from datetime import datetime

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.errors import Invalid
from tracker.records.columns import key
from tracker.records.staff import ApiToken, Staff

PREFIX = "pt_"


def issue_token(session: Session, staff: Staff, *, name: str, by: str, now: datetime) -> str:
    """A new token with the person's own permissions; the only time that it is seen. Raises ``Invalid`` for its name."""
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid("give the token a name of 1 to 120 characters, to know it by later", field="name")
    if not staff.active:
        raise Invalid(f"{staff.email} may not sign in", field="email")
    token = PREFIX + secrets.token_urlsafe(32)
    session.add(
        ApiToken(staff_id=key(staff.id), name=name, digest=hashlib.sha256(token.encode()).hexdigest(), created_at=now)
    )
    _enter(session, staff, Event.TOKEN_ISSUED, name, by, now)
    return token


def revoke_token(session: Session, staff: Staff, token: ApiToken, *, by: str, now: datetime) -> None:
    """End a token; one that has ended stays as it is."""
    if token.revoked_at is None:
        token.revoked_at = now
        session.add(token)
        _enter(session, staff, Event.TOKEN_REVOKED, token.name, by, now)


def _enter(session: Session, staff: Staff, action: str, name: str, by: str, now: datetime) -> None:
    audit.record(
        session,
        actor=by,
        clinic_id=staff.clinic_id,
        action=action,
        subject=f"staff:{staff.email}",
        detail={"token": name},
        now=now,
    )
