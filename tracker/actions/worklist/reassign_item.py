"""Reassign an item to a colleague."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.messages.follow_items import item_assigned
from tracker.actions.worklist.claim_item import line_of_work
from tracker.actions.worklist.item_access import area_of_item
from tracker.actions.worklist.refresh_worklist import event
from tracker.errors import Conflict, Invalid
from tracker.records.staff import Staff, staff_by_email
from tracker.records.worklist import WorklistItem
from tracker.worklist.areas import Area, may_handle, refusal


def reassign_item(session: Session, item_id: int, *, to: str, reason: str = "", by: str, now: datetime) -> WorklistItem:
    """Give the line to a person of the same clinic; a claimed one can be given by its holder alone."""
    item = line_of_work(session, item_id)
    if item.claimed_by not in {None, by}:
        raise Conflict(f"{item.claimed_by} has it; ask them to hand it over")
    colleague_of(session, to, item.clinic_id, area_of_item(item))
    item.claimed_by, item.claimed_at, item.changed_at = to.strip().lower(), now, now
    session.add(item)
    session.add(event(item_id, now, "handed over", by, f"to {to}. {reason}".strip()))
    session.flush()
    item_assigned(session, item, to=item.claimed_by, by=by, now=now)
    return item


def colleague_of(session: Session, email: str, clinic_id: int, area: Area) -> Staff:
    """The active person of that clinic whose role handles such work. Raises `Invalid` for anybody else."""
    person = staff_by_email(session, email)
    if person is None or not person.active or person.clinic_id != clinic_id:
        raise Invalid(f"{email} is nobody of this clinic", field="to")
    if not may_handle(person.role, area):
        raise Invalid(f"{email} can't have it: {refusal(person.role, area)}", field="to")
    return person
