"""Questions about alarms of high priority that the ladder outside and the heartbeat ask."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy
from sqlmodel import Session, col, func, select

from devices.alarms import Priority
from tracker.records.message import Message, State
from tracker.records.notification import Notification, NotificationRecipient
from tracker.records.worklist import WorklistItem

_HIGH = int(Priority.HIGH)


def open_high(session: Session) -> list[tuple[Notification, WorklistItem]]:
    """Every alarm of high priority that goes on, with its task; what is due first comes first."""
    chosen = select(Notification, WorklistItem).where(
        Notification.item_id == WorklistItem.id,
        col(Notification.ended_at).is_(None),
        Notification.priority == _HIGH,
        WorklistItem.priority == _HIGH,
    )
    return list(session.exec(chosen.order_by(col(Notification.next_at), col(Notification.id))))


def change_mark(session: Session) -> tuple[object, ...]:
    """Something that differs as soon as an alarm of high priority is opened, taken, given back or ended."""
    found = session.execute(
        sqlalchemy.select(
            func.count(col(Notification.id)),
            func.max(col(Notification.id)),
            func.count(col(Notification.acknowledged_at)),
            func.max(col(Notification.acknowledged_at)),
            func.max(col(Notification.started_at)),
        ).where(col(Notification.ended_at).is_(None), col(Notification.priority) == _HIGH)
    ).one()
    return tuple(found)


def queued_messages(session: Session, limit: int) -> list[Message]:
    """Messages of high priority that have not left, oldest first."""
    chosen = select(Message).where(Message.state == State.QUEUED.value, Message.priority == _HIGH)
    return list(session.exec(chosen.order_by(col(Message.created_at)).limit(limit)))


def untold_since(session: Session, until: datetime) -> int:
    """How many alarms of high priority, opened by then and taken by nobody, no message has left for.

    So are urgent tasks whose escalation was never begun.
    """
    left = (
        select(NotificationRecipient.id)
        .where(
            NotificationRecipient.notification_id == Notification.id,
            Message.staff_id == NotificationRecipient.staff_id,
            Message.created_at == NotificationRecipient.at,
            col(Message.sent_at).is_not(None),
        )
        .exists()
    )
    waiting = select(func.count(col(Notification.id))).where(
        col(Notification.ended_at).is_(None),
        col(Notification.acknowledged_at).is_(None),
        Notification.priority == _HIGH,
        col(Notification.opened_at) <= until,
        ~left,
    )
    begun = select(Notification.id).where(Notification.item_id == WorklistItem.id).exists()
    never = select(func.count(col(WorklistItem.id))).where(
        col(WorklistItem.closed_at).is_(None),
        WorklistItem.priority == _HIGH,
        col(WorklistItem.opened_at) <= until,
        ~begun,
    )
    return session.exec(waiting).one() + session.exec(never).one()
