"""The end of a task's messages: said once the cause stays away, so that a flapping alarm is not told over and over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from devices.alarms import Priority
from tracker.actions.messages.clinic_staff import ClinicStaff, clinic_staff
from tracker.actions.messages.compose import Telling, send_all
from tracker.records.column_types import key
from tracker.records.message import Type
from tracker.records.notification import Notification, notified_persons, settled_notifications
from tracker.records.worklist import WorklistItem, items_by_id

FLAPS_WITHIN: Final = timedelta(minutes=30)
"""A cause that comes back so soon is the same alarm, and goes on where its steps stood. Assumed."""
SETTLES_AFTER: Final = timedelta(minutes=5)
"""So long a cause stays away before those who were told hear that it is over. Assumed."""


def end(
    session: Session, staff: ClinicStaff, pairs: Sequence[tuple[Notification, WorklistItem]], now: datetime
) -> None:
    """Those tasks are closed. Who was told of one of high priority hears it: at once where a person closed it.

    Where its cause went away by itself, they hear it when it has stayed away; one that came back before stays longer.
    """
    done = []
    for notification, item in pairs:
        notification.ended_at = now
        if notification.priority >= Priority.HIGH:
            if item.closed_by in staff.by_email:
                done.append((notification, item))
            else:
                notification.resolve_at = now + (FLAPS_WITHIN if notification.came_back else SETTLES_AFTER)
        session.add(notification)
    _tell_resolved(session, staff, done, now)


def tell_settled(session: Session, now: datetime, limit: int) -> int:
    """Tell those who were told of what has stayed away long enough. Returns how many tasks that were."""
    settled = settled_notifications(session, now, FLAPS_WITHIN, limit)
    items = items_by_id(session, [one.item_id for one in settled])
    for one in settled:
        one.resolve_at = None
        session.add(one)
    for clinic_id in sorted({one.clinic_id for one in settled}):
        pairs = [(one, items[one.item_id]) for one in settled if one.clinic_id == clinic_id]
        _tell_resolved(session, clinic_staff(session, clinic_id), pairs, now)
    return len(settled)


def goes_on(last: Notification | None, item: WorklistItem) -> bool:
    """Whether the task is an alarm that came back before anybody was told that it is over.

    ``last`` is the newest of the same cause that went away by itself within ``FLAPS_WITHIN``. It then goes on for the
    new task: its steps, who was told, and the links in their messages.
    """
    if last is None or (last.priority >= Priority.HIGH and last.resolve_at is None):
        return False
    last.item_id = key(item.id)
    resume(last)
    return True


def resume(notification: Notification) -> None:
    """It had ended and goes on."""
    notification.ended_at = notification.resolve_at = None
    notification.came_back += 1


def _tell_resolved(
    session: Session, staff: ClinicStaff, pairs: Sequence[tuple[Notification, WorklistItem]], now: datetime
) -> None:
    told = notified_persons(session, [key(one.id) for one, _ in pairs])
    emails = {key(person.id): email for email, person in staff.by_email.items()}
    tellings = []
    for notification, item in pairs:
        heard = dict.fromkeys(
            emails[row.staff_id] for row in told.get(key(notification.id), []) if row.staff_id in emails
        )
        tellings += [Telling(email, Type.RESOLVED, notification, item) for email in heard if email != item.closed_by]
    send_all(session, staff, tellings, now)
