"""What the job does about messages: later steps, lapses, what a fault left behind, and the daily digest."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.messages.clinic_staff import clinic_staff
from tracker.actions.messages.follow_items import advance, items_changed
from tracker.actions.messages.settle import FLAPS_WITHIN, tell_settled
from tracker.actions.messages.summaries import sum_up_held
from tracker.records.column_types import key
from tracker.records.hourly import HOUR
from tracker.records.message import Type
from tracker.records.notification import (
    Notification,
    closed_items_still_told,
    due_notifications,
    held_recipients,
    open_notifications_by_id,
    settled_notifications,
    unnoticed_items,
)
from tracker.records.queries.messages import waiting_to_leave
from tracker.records.worklist import items_by_id

AT_ONCE: Final = 500
STUCK_AFTER: Final = timedelta(seconds=60)
"""A message of high priority that has not left by then counts as not told: the next step is due."""
STUCK_SEEN: Final = timedelta(seconds=120)


def anything_due(session: Session, now: datetime) -> bool:
    """Whether any notification is to be looked at; reads only."""
    return (
        bool(due_notifications(session, now, 1))
        or bool(_stuck(session, now))
        or bool(settled_notifications(session, now, FLAPS_WITHIN, 1))
        or bool(held_recipients(session, now, HOUR))
    )


def tell_due(session: Session, now: datetime) -> int:
    """Tell what is due by now, some hundreds at once, the most urgent first. Returns how many were looked at.

    Then say what is over and stayed so, and sum up what was held back.
    """
    due = {key(one.id): one for one in due_notifications(session, now, AT_ONCE)}
    for one in _stuck(session, now):
        one.started_at -= one.next_at - now  # the time of the next step is now
        one.next_at = now
        due.setdefault(key(one.id), one)
    items = items_by_id(session, [one.item_id for one in due.values()])
    for clinic_id in sorted({one.clinic_id for one in due.values()}):
        staff = clinic_staff(session, clinic_id)
        pairs = [(one, items[one.item_id]) for one in due.values() if one.clinic_id == clinic_id]
        advance(session, staff, pairs, now)
    settled = tell_settled(session, now, AT_ONCE)
    return len(due) + settled + sum_up_held(session, now)


def anything_missed(session: Session) -> bool:
    """Whether an urgent task has no notification, or a closed one still has; reads only."""
    return bool(unnoticed_items(session, int(Priority.HIGH), 1)) or bool(closed_items_still_told(session, 1))


def follow_missed(session: Session, now: datetime) -> int:
    """Begin and end what the hooks left behind. Returns how many tasks that were."""
    items = [*unnoticed_items(session, int(Priority.HIGH), AT_ONCE), *closed_items_still_told(session, AT_ONCE)]
    items_changed(session, items, now)
    return len(items)


def _stuck(session: Session, now: datetime) -> list[Notification]:
    """Notifications whose last step wrote messages of which none has left for a minute: the next step can't wait.

    Each is found once: its next step is then due, and after two minutes its messages are no longer asked for.
    """
    waiting = waiting_to_leave(session, now - STUCK_SEEN, now - STUCK_AFTER, AT_ONCE)
    kinds = {Type.OPENED.value, Type.ESCALATED.value, Type.LAPSED.value}
    ids = {one for message in waiting if message.type in kinds for one in message.notification_ids}
    found = open_notifications_by_id(session, sorted(ids))
    return [one for one in found if one.acknowledged_at is None and one.next_at - now > timedelta(seconds=1)]
