"""How many messages a person had within the last hour, and what is held back until it is over."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlmodel import Session, col, func, select

from tracker.records.message import Message, Type
from tracker.records.notification import CLOCK_SLACK, NotificationRecipient

HOUR: Final = timedelta(hours=1)


class LastHour(NamedTuple):
    """A person's messages of the last hour, the first of them, and until when more is held back already."""

    messages: int
    since: datetime | None
    held_until: datetime | None


def last_hours(session: Session, staff_ids: Sequence[int], now: datetime) -> dict[int, LastHour]:
    """The last hour of each of those persons. A message to several contact points is one; a test is none."""
    if not staff_ids:
        return {}
    sent: dict[int, set[tuple[datetime, str, tuple[int, ...]]]] = {}
    chosen = select(Message.staff_id, Message.created_at, Message.type, Message.notification_ids).where(
        col(Message.staff_id).in_(staff_ids),
        col(Message.created_at) > now - HOUR,
        col(Message.created_at) <= now + CLOCK_SLACK,
        Message.type != Type.TEST.value,
    )
    for staff_id, at, kind, ids in session.exec(chosen):
        sent.setdefault(staff_id, set()).add((at, kind, tuple(ids)))
    waiting = (
        select(NotificationRecipient.staff_id, func.max(NotificationRecipient.held_until))
        .where(
            col(NotificationRecipient.staff_id).in_(staff_ids),
            col(NotificationRecipient.held_until) > now,
            col(NotificationRecipient.held_until) <= now + HOUR + CLOCK_SLACK,
        )
        .group_by(col(NotificationRecipient.staff_id))
    )
    held = dict(session.exec(waiting).all())
    return {
        one: LastHour(len(sent.get(one, ())), min((at for at, _, _ in sent.get(one, ())), default=None), held.get(one))
        for one in staff_ids
    }
