"""Note on a task what was done about it so far; the task stays open."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.messages.follow_items import acted_on
from tracker.actions.worklist.claim_item import line_of_work
from tracker.actions.worklist.refresh_worklist import event
from tracker.errors import Invalid, at_most
from tracker.records.column_types import EVENT_REASON
from tracker.records.notification import notifications_of_items
from tracker.records.worklist import WorklistItem


def note_item(session: Session, item_id: int, *, note: str, by: str, now: datetime) -> WorklistItem:
    """Append the note to the task's history, whoever has the task. Raises `Invalid` for an empty or too long one."""
    said = note.strip()
    if not said:
        raise Invalid("write what was done", field="note")
    at_most(EVENT_REASON, said, "note")
    item = line_of_work(session, item_id)
    item.changed_at = now
    session.add(item)
    session.add(event(item_id, now, "noted", by, said))
    session.flush()
    acted_on(session, list(notifications_of_items(session, [item_id]).values()), now)
    return item
