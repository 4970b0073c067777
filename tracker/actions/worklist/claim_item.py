"""Claim an item: of two people who try at once, one gets it and the other is told who has it."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CursorResult, update
from sqlmodel import Session, col

from tracker.actions.messages.follow_items import item_taken
from tracker.actions.worklist.refresh_worklist import event
from tracker.errors import Conflict, NotFound
from tracker.records.worklist import WorklistItem


def claim_item(session: Session, item_id: int, *, by: str, now: datetime) -> WorklistItem:
    """Take the line; claiming one's own again changes nothing. Raises `Conflict` naming who has it or who closed it."""
    taken = session.execute(
        update(WorklistItem)
        .where(
            col(WorklistItem.id) == item_id,
            col(WorklistItem.claimed_by).is_(None),
            col(WorklistItem.closed_at).is_(None),
        )
        .values(claimed_by=by, claimed_at=now, changed_at=now)
        .execution_options(synchronize_session=False)
    )
    item = line_of_work(session, item_id)
    if isinstance(taken, CursorResult) and taken.rowcount == 1:
        session.add(event(item_id, now, "claimed", by))
        session.flush()
        item_taken(session, item, by=by, now=now)
    elif item.claimed_by != by:
        raise Conflict(f"{item.claimed_by} has it since {item.claimed_at:%Y-%m-%d %H:%M} UTC")
    return item


def line_of_work(session: Session, item_id: int) -> WorklistItem:
    """The open line as the database has it now. Raises `NotFound`, or `Conflict` when it is closed."""
    item = session.get(WorklistItem, item_id, populate_existing=True)
    if item is None:
        raise NotFound("there is no such task")
    if item.closed_at is not None:
        raise Conflict(f"it was closed by {item.closed_by}: {item.closed_reason}")
    return item
