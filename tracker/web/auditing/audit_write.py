"""Write a person's act to the audit trail, in the transaction that does it."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.web.auth.user import Person


def enter(
    session: Session,
    person: Person,
    action: Event,
    subject: str,
    now: datetime,
    *,
    clinic_id: int | None = None,
    **detail: Any,
) -> None:
    """Append the entry; call it as the last step of the transaction. ``clinic_id`` is the person's own unless given."""
    audit.record(
        session,
        actor=person.email,
        clinic_id=person.clinic_id if clinic_id is None else clinic_id,
        action=action,
        subject=subject,
        detail=detail,
        now=now,
    )
