"""Service accounts: a program works in its own name, and a person of the clinic answers for it.

It has tokens and nothing else: no password, no sign-in, no second factor, no signature. Where the responsible person's
account ends, it goes on: a feed of records that stops in silence can hurt a patient. The administrators see a warning
until they name somebody else, and meanwhile it gets no new token.
"""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.staff.add_staff import checked_role
from tracker.actions.staff.issue_token import revoke_token
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.staff import SERVICE, Staff, service_by_name, staff_by_email, tokens_of

_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{0,59}")


def add_service(
    session: Session,
    *,
    clinic: Clinic,
    name: str,
    role: str,
    responsible: str,
    purpose: str = "",
    by: str,
    now: datetime,
) -> Staff:
    """Make the account ``service NAME``. Raises ``Invalid`` naming the field, or ``Conflict`` for a name in use.

    ``responsible`` is the email of an active person of the clinic; ``role`` bounds what its tokens may do.
    """
    plain = name.strip().lower().removeprefix(SERVICE).strip()
    if not _NAME.fullmatch(plain):
        raise Invalid("a service account's name has 1 to 60 of a-z, 0-9, dot, dash and underscore", field="name")
    checked_role(role)
    person = _responsible(session, key(clinic.id), responsible)
    if service_by_name(session, plain) is not None:
        raise Conflict(f"the name {plain} is in use: choose another", field="name")
    service = Staff(
        clinic_id=key(clinic.id),
        email=SERVICE + plain,
        name=purpose.strip()[:120] or plain,
        role=role,
        responsible_id=person.id,
        created_at=now,
    )
    session.add(service)
    told = {"role": role, "purpose": service.name, "responsible": person.email}
    _enter(session, service, Event.SERVICE_ADDED, told, by, now)
    return service


def change_service(
    session: Session,
    service: Staff,
    *,
    role: str | None = None,
    purpose: str | None = None,
    responsible: str | None = None,
    active: bool | None = None,
    by: str,
    now: datetime,
) -> Staff:
    """Change what is given and leave the rest. The end of the account ends its tokens for good.

    Raises ``Invalid`` naming the field.
    """
    changed: dict[str, Any] = {}
    if role is not None and checked_role(role) != service.role:
        changed["role"] = {"from": service.role, "to": role}
        service.role = role
    if purpose is not None and purpose.strip() and purpose.strip()[:120] != service.name:
        changed["purpose"] = service.name = purpose.strip()[:120]
    before = session.get_one(Staff, service.responsible_id)
    if responsible is not None and responsible.strip().lower() != before.email:
        person = _responsible(session, service.clinic_id, responsible)
        changed["responsible"] = {"from": before.email, "to": person.email}
        service.responsible_id = person.id
    if active is not None and active is not service.active:
        changed["active"] = service.active = active
    session.add(service)
    for token in () if service.active else tokens_of(session, key(service.id)):
        revoke_token(session, service, token, by=by, now=now)
    if changed:
        _enter(session, service, Event.SERVICE_CHANGED, changed, by, now)
    return service


def _responsible(session: Session, clinic_id: int, email: str) -> Staff:
    person = staff_by_email(session, email)
    if person is None or not person.active or person.clinic_id != clinic_id:
        raise Invalid("give the email of a person of your clinic who may sign in", field="responsible")
    return person


def _enter(session: Session, service: Staff, event: Event, detail: dict[str, Any], by: str, now: datetime) -> None:
    audit.record(
        session,
        actor=by,
        clinic_id=service.clinic_id,
        action=event,
        subject=f"staff:{service.email}",
        detail=detail,
        now=now,
    )
