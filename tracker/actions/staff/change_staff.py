"""Change an account: role, name, unit, whether it may sign in, a password reset, a lock lifted."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session, col, delete, func, select

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.staff.add_staff import checked_role
from tracker.actions.staff.issue_token import revoke_token
from tracker.actions.staff.passwords import hash_password
from tracker.actions.staff.sign_in_tries import lift_waits
from tracker.actions.worklist.refresh_worklist import event
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.second_factor import drop_factors
from tracker.records.staff import BrowserSession, Staff, end_break_glass, services_left_alone, tokens_of
from tracker.records.worklist import WorklistItem


def change_staff(
    session: Session,
    staff: Staff,
    *,
    role: str | None = None,
    name: str | None = None,
    unit: str | None = None,
    active: bool | None = None,
    password: str | None = None,
    unlock: bool = False,
    reset_factors: bool = False,
    temporary: bool = False,
    by: str,
    now: datetime,
) -> Staff:
    """Change what is given and leave the rest. A new role, a new password or an end of access ends all sessions.

    An end of access ends the person's API tokens too, for good: who comes back is given new ones. With it, or with
    another role, their tasks are everybody's again.

    ``temporary``: somebody else chose the password, and its person changes it before they sign anything.

    Raises ``Invalid`` naming the field, and ``Conflict`` where a clinic would be left without an administrator.
    """
    _require_person(staff)
    changed: dict[str, Any] = {}
    if role is not None and checked_role(role) != staff.role:
        changed["role"] = {"from": staff.role, "to": role}
    if active is not None and active is not staff.active:
        changed["active"] = active
    if ("role" in changed or changed.get("active") is False) and staff.role == "administrator" and staff.active:
        _keep_one_administrator(session, staff)
    for field, value in (("name", name), ("unit", unit)):
        if value is not None and value.strip() and value.strip() != getattr(staff, field):
            changed[field] = value.strip()
            setattr(staff, field, value.strip()[: 120 if field == "name" else 80])
    if password is not None:
        home = session.get_one(Clinic, staff.clinic_id)
        staff.password_hash = hash_password(password, about=(staff.email, staff.name, home.name))
        staff.password_changed_at, staff.password_set_by = now, by if temporary else None
        changed["password"] = "reset"  # noqa: S105 - says that it was changed, not what it is
    if unlock or password is not None:
        lift_waits(session, staff.email)
        changed |= {"unlocked": True} if unlock else {}
    if reset_factors:
        drop_factors(session, key(staff.id))
        changed["second_factor"] = "removed"
    staff.role = role if role is not None else staff.role
    staff.active = staff.active if active is None else active
    session.add(staff)
    _end_access(session, staff, changed, by, now)
    changed |= _left_alone(session, staff, changed)
    if changed:
        audit.record(
            session,
            actor=by,
            clinic_id=staff.clinic_id,
            action=Event.STAFF_CHANGED,
            subject=f"staff:{staff.email}",
            detail=changed,
            now=now,
        )
    return staff


def _require_person(staff: Staff) -> None:
    if staff.is_service:
        raise Invalid(f"{staff.email} is a program's account", field="email")


def _left_alone(session: Session, staff: Staff, changed: Mapping[str, Any]) -> dict[str, Any]:
    """The programs for which nobody answers any more, as the entry of the account's end names them."""
    if changed.get("active") is not False:
        return {}
    alone = services_left_alone(session, staff.clinic_id)
    names = [one.email for one in alone if one.responsible_id == staff.id]
    return {"services_left_alone": names} if names else {}


def _end_access(session: Session, staff: Staff, changed: Mapping[str, Any], by: str, now: datetime) -> None:
    if changed.keys() & {"role", "active", "password", "second_factor"}:
        session.exec(delete(BrowserSession).where(col(BrowserSession.staff_id) == staff.id))
    for token in () if staff.active else tokens_of(session, key(staff.id)):
        revoke_token(session, staff, token, by=by, now=now)
    if changed.keys() & {"role", "active"}:
        end_break_glass(session, key(staff.id), now)
    if "role" in changed or not staff.active:
        _free_lines(session, staff, by, now)


def _free_lines(session: Session, staff: Staff, by: str, now: datetime) -> None:
    """Give back the work that only this person could have ended or handed over."""
    mine = select(WorklistItem).where(
        col(WorklistItem.clinic_id) == staff.clinic_id,
        col(WorklistItem.claimed_by) == staff.email,
        col(WorklistItem.closed_at).is_(None),
    )
    for item in session.exec(mine.with_for_update()):
        item.claimed_by, item.claimed_at, item.changed_at = None, None, now
        session.add(item)
        session.add(event(item.id, now, "released", by, f"the account of {staff.email} was changed or ended"))


def _keep_one_administrator(session: Session, staff: Staff) -> None:
    others = session.exec(
        select(func.count())
        .select_from(Staff)
        .where(
            Staff.clinic_id == staff.clinic_id,
            Staff.role == "administrator",
            col(Staff.active).is_(True),
            col(Staff.responsible_id).is_(None),
            Staff.id != staff.id,
        )
    ).one()
    if not others:
        raise Conflict("this is the clinic's only administrator: make somebody else one first", field="role")
