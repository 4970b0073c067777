"""Close a task with the reason; what is urgent or not delivered stays open while its cause lasts."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.messages.follow_items import items_changed
from tracker.actions.pumps.load_snapshots import load_snapshots
from tracker.actions.worklist.claim_item import line_of_work
from tracker.actions.worklist.refresh_worklist import event
from tracker.errors import Conflict, Invalid
from tracker.records.worklist import WorklistItem
from tracker.worklist.item import holds
from tracker.worklist.wanted_items import wanted_items


def finish_item(session: Session, item_id: int, *, reason: str, by: str, now: datetime) -> WorklistItem:
    """Close the task. Raises `Invalid` without a reason.

    Raises `Conflict` where somebody else has claimed it, and where its cause lasts by the records as they stand now:
    then it can be claimed, handed over and noted on. Others come back if their cause still stands after a while.
    """
    if not reason.strip():
        raise Invalid("say what was done, or why nothing needs to be", field="reason")
    item = line_of_work(session, item_id)
    if item.claimed_by not in {None, by}:
        raise Conflict(f"{item.claimed_by} has it; ask them to hand it over or finish it")
    lasting = _held(session, item, now)
    if lasting:
        raise Conflict(lasting)
    item.closed_at, item.changed_at, item.closed_by, item.closed_reason = now, now, by, reason.strip()
    session.add(item)
    session.add(event(item_id, now, "done", by, reason.strip()))
    session.flush()
    items_changed(session, [item], now)
    return item


def _held(session: Session, item: WorklistItem, now: datetime) -> str:
    """Why it can't be closed now; empty where it can. A clinic's own task ends by itself while it is held."""
    if item.pump_id is None:
        return item.holds
    view = load_snapshots(session, [item.pump_id]).get(item.pump_id)
    lines = () if view is None else wanted_items(view, now)
    return next((holds(line) for line in lines if line.key == item.key), "")
