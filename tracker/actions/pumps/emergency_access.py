"""Emergency access: open another clinic's pump, and review at the owning clinic what was read and done by it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from tracker.actions.messages.follow_items import items_changed
from tracker.actions.pumps.load_snapshots import load_snapshots
from tracker.actions.worklist.refresh_worklist import event, open_lines
from tracker.errors import Conflict, Invalid, NotAllowed, NotFound
from tracker.records.column_types import key
from tracker.records.emergency_access import Row, access_of_clinic, accesses_to_review
from tracker.records.pump import Pump, look_again
from tracker.records.staff import BreakGlass
from tracker.records.worklist import open_item
from tracker.worklist.emergency import emergency_items

HOURS: Final = 2
_SHORTEST_REASON: Final = 10


def open_access(session: Session, pump: Pump, access: BreakGlass, now: datetime) -> BreakGlass:
    """Store the access for two hours and put it on the owning clinic's worklist at once.

    ``access`` says who opens it, from where and why. Raises ``Invalid`` without a sentence of reason.
    """
    if len(access.reason.strip()) < _SHORTEST_REASON:
        raise Invalid("say in a sentence why the record is needed now", field="reason")
    access.reason = access.reason.strip()[:1000]
    access.pump_id, access.clinic_id = key(pump.id), pump.clinic_id
    access.opened_at, access.expires_at = now, now + timedelta(hours=HOURS)
    session.add(access)
    session.flush()
    view = load_snapshots(session, [key(pump.id)])[key(pump.id)]
    lines = emergency_items(view, now)
    open_lines(session, [(line.clinic_id or view.clinic_id, view.pump_id, line) for line in lines], now)
    look_again(session, [view.pump_id], now)
    return access


def review_access(
    session: Session, clinic_id: int, access_id: int, *, note: str, staff_id: int, by: str, now: datetime
) -> Row:
    """Record what the owning clinic found; with the last access reviewed, its task is done.

    Raises ``NotFound`` for another clinic's, ``Conflict`` for one that is reviewed, ``NotAllowed`` for who opened it.
    """
    found = access_of_clinic(session, clinic_id, access_id)
    if found is None:
        raise NotFound("your clinic has no such emergency access")
    access, pump = found
    if not note.strip():
        raise Invalid("say what you found", field="note")
    if access.staff_id == staff_id:
        raise NotAllowed("an emergency access is reviewed by somebody else than who opened it")
    if access.reviewed_at is not None:
        raise Conflict(f"{access.reviewed_by} has reviewed it already")
    access.reviewed_at, access.reviewed_by, access.review = now, by, note.strip()[:1000]
    session.add(access)
    session.flush()
    waiting = accesses_to_review(session, [access.pump_id]).get(access.pump_id, [])
    if not any(one.clinic_id == clinic_id for one in waiting):
        item = open_item(session, clinic_id, f"pump:{access.pump_id}:emergency:{clinic_id}")
        if item is not None:
            item.closed_at, item.changed_at, item.closed_by, item.closed_reason = now, now, by, access.review
            session.add(item)
            session.add(event(item.id, now, "done", by, access.review))
            items_changed(session, [item], now)
    look_again(session, [access.pump_id], now)
    return access, pump
