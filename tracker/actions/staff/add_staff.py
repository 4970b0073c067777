"""Add a person who may sign in, at a clinic that exists or is made with its first person."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from sqlmodel import Session, select

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.staff.passwords import hash_password
from tracker.errors import Conflict, Invalid, NotFound
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.staff import ROLES, Staff, staff_by_email

FIRST_CLINIC = "Clinic"
_EMAIL = re.compile(r"[^@\s,;<>\"]{1,64}@[A-Za-z0-9][A-Za-z0-9.-]{0,188}")


def add_staff(
    session: Session,
    *,
    clinic: Clinic,
    email: str,
    role: str,
    password: str | None,
    name: str = "",
    unit: str | None = None,
    temporary: bool = False,
    by: str,
    now: datetime,
) -> Staff:
    """Make the account. Raises ``Invalid`` naming the field, or ``Conflict`` where the email is taken.

    Without a password only OpenID Connect can sign the person in. ``temporary``: somebody else chose the password, and
    its person changes it before they sign anything.
    """
    plain = checked_email(email)
    checked_role(role)
    if staff_by_email(session, plain) is not None:
        raise Conflict(f"{plain} has an account already", field="email")
    staff = Staff(
        clinic_id=key(clinic.id),
        email=plain,
        name=(name.strip() or plain.partition("@")[0])[:120],
        role=role,
        unit=(unit or "").strip()[:80] or None,
        password_hash=None if password is None else hash_password(password, about=(plain, name, clinic.name)),
        password_changed_at=None if password is None else now,
        password_set_by=by if temporary and password is not None else None,
        created_at=now,
    )
    session.add(staff)
    audit.record(
        session,
        actor=by,
        clinic_id=clinic.id,
        action=Event.STAFF_ADDED,
        subject=f"staff:{plain}",
        detail={"role": role, "name": staff.name, "unit": staff.unit},
        now=now,
    )
    return staff


def checked_email(email: str) -> str:
    """The address in lower case. Raises ``Invalid`` for what is none."""
    plain = email.strip().lower()
    if not _EMAIL.fullmatch(plain):
        raise Invalid(f"{email.strip()[:80]!r} is no email address", field="email")
    return plain


def checked_role(role: str) -> str:
    """The role itself. Raises ``Invalid`` for one that does not exist."""
    if role not in ROLES:
        raise Invalid(f"{role[:40]!r} is no role; there are {', '.join(ROLES)}", field="role")
    return role


def checked_zone(timezone: str) -> str:
    """The IANA name itself. Raises ``Invalid`` for one that this machine does not know."""
    try:
        ZoneInfo(timezone)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise Invalid(f"{timezone[:64]!r} is no time zone; Europe/Berlin is one", field="timezone") from None
    return timezone


def clinic_named(session: Session, name: str | None) -> Clinic | None:
    """The clinic of that name; without a name the only one there is, None where there is none yet.

    Raises ``NotFound`` for a name that no clinic has, and ``Invalid`` where several leave the choice open.
    """
    if name is not None:
        clinic = session.exec(select(Clinic).where(Clinic.name == name.strip())).first()
        if clinic is None:
            raise NotFound(f"there is no clinic named {name[:120]!r}")
        return clinic
    clinics = session.exec(select(Clinic).order_by(Clinic.name).limit(2)).all()
    if len(clinics) > 1:
        raise Invalid("there are several clinics: name one with --clinic", field="clinic")
    return clinics[0] if clinics else None


def add_clinic(session: Session, *, name: str, timezone: str, by: str, now: datetime) -> Clinic:
    """Make a clinic. Raises ``Invalid`` naming the field, or ``Conflict`` where the name is taken."""
    name = name.strip()
    if not 1 <= len(name) <= 120:
        raise Invalid("a clinic's name has 1 to 120 characters", field="clinic")
    checked_zone(timezone)
    if session.exec(select(Clinic).where(Clinic.name == name)).first() is not None:
        raise Conflict(f"there is a clinic named {name!r} already", field="clinic")
    clinic = Clinic(name=name, timezone=timezone, created_at=now)
    session.add(clinic)
    session.flush()
    audit.record(
        session,
        actor=by,
        clinic_id=clinic.id,
        action=Event.CLINIC_ADDED,
        subject=f"clinic:{name}",
        detail={"timezone": timezone},
        now=now,
    )
    return clinic
