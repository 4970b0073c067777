"""Enter in the audit trail who was told of what: every step, lapse, acknowledgment and end that a message spoke of.

It is done by the job a few seconds after the messages, in a transaction of its own. Whoever appends to the trail keeps
all others from it until the commit, and an evaluation of many pumps must not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import THE_TRACKER, Event
from tracker.records.notification import NotificationRecipient, notifications_by_id, recipients_to_enter
from tracker.records.staff import emails_of
from tracker.records.worklist import items_by_id

AT_ONCE: Final = 1000


def anything_to_enter(session: Session) -> bool:
    """Whether somebody was told of whom the trail does not know yet; reads only."""
    return bool(recipients_to_enter(session, 1))


def enter_notified(session: Session) -> int:
    """Append the entries, one for each task, moment and kind of message. Returns how many persons they name."""
    rows = recipients_to_enter(session, AT_ONCE)
    about = notifications_by_id(session, sorted({row.notification_id for row in rows}))
    items = items_by_id(session, [one.item_id for one in about.values()])
    emails = emails_of(session, sorted({row.staff_id for row in rows}))
    groups: dict[tuple[int, datetime, str, int, int], list[NotificationRecipient]] = {}
    for row in rows:
        row.audit_due = False
        session.add(row)
        groups.setdefault((row.notification_id, row.at, row.type, row.turn, row.step), []).append(row)
    facts = []
    for (number, at, kind, turn, step), told in groups.items():
        item = items[about[number].item_id]
        detail = {
            "type": kind,
            "what": item.what,
            "turn": turn,
            "step": step,
            "people": [emails[row.staff_id] for row in told],
            "messages": [row.message_id for row in told if row.message_id is not None],
        }
        facts.append(audit.Fact(at, THE_TRACKER, item.clinic_id, Event.PEOPLE_NOTIFIED, f"task:{item.id}", detail))
    if facts:
        audit.record_all(session, facts)
    return len(rows)
