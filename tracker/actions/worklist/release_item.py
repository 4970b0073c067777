"""Release a claimed item, so that everybody can claim it."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.messages.follow_items import item_released
from tracker.actions.worklist.claim_item import line_of_work
from tracker.actions.worklist.refresh_worklist import event
from tracker.errors import Conflict
from tracker.records.worklist import WorklistItem


def release_item(session: Session, item_id: int, *, reason: str = "", by: str, now: datetime) -> WorklistItem:
    """Let go of the line. Raises `Conflict` where somebody else has it."""
    item = line_of_work(session, item_id)
    if item.claimed_by is None:
        return item
    if item.claimed_by != by:
        raise Conflict(f"{item.claimed_by} has it")
    item.claimed_by, item.claimed_at, item.changed_at = None, None, now
    session.add(item)
    session.add(event(item_id, now, "released", by, reason))
    session.flush()
    item_released(session, item, now)
    return item
