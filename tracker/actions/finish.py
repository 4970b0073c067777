"""Mark a line of work as done, with the reason; it comes back if its cause still stands after a while."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.claim import line_of_work
from tracker.actions.refresh_worklist import event
from tracker.errors import Conflict, Invalid
from tracker.records.worklist import WorklistItem


def finish(session: Session, item_id: int, *, reason: str, by: str, now: datetime) -> WorklistItem:
    """Close the line. Raises `Invalid` without a reason and `Conflict` where somebody else has claimed it."""
    if not reason.strip():
        raise Invalid("say what was done, or why nothing needs to be", field="reason")
    item = line_of_work(session, item_id)
    if item.claimed_by not in {None, by}:
        raise Conflict(f"{item.claimed_by} has it; ask them to hand it over or finish it")
    item.closed_at, item.changed_at, item.closed_by, item.closed_reason = now, now, by, reason.strip()
    session.add(item)
    session.add(event(item_id, now, "done", by, reason.strip()))
    session.flush()
    return item
