"""Notifications: for each task of high or medium priority, how far its escalation has come and who was told."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Index, Integer, bindparam, false, or_, text, update
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import UtcDateTime, key
from tracker.records.worklist import WorklistItem

CLOCK_SLACK: Final = timedelta(minutes=2)
"""So far in the future a time may lie without meaning that the clock was set back. Assumed."""


class Notification(SQLModel, table=True):
    """The escalation of one task, from its opening until the task is closed."""

    __tablename__ = "notification"
    __table_args__ = (
        Index("uq_notification_item", "item_id", unique=True),
        Index(
            "ix_notification_due",
            "next_at",
            sqlite_where=text("ended_at IS NULL"),
            postgresql_where=text("ended_at IS NULL"),
        ),
        Index(
            "ix_notification_ended",
            "ended_at",
            sqlite_where=text("ended_at IS NOT NULL"),
            postgresql_where=text("ended_at IS NOT NULL"),
        ),
        Index(
            "ix_notification_resolve",
            "resolve_at",
            sqlite_where=text("resolve_at IS NOT NULL"),
            postgresql_where=text("resolve_at IS NOT NULL"),
        ),
        Index("ix_notification_pump", "pump_id", "ended_at"),
        Index("ix_notification_clinic", "clinic_id", "ended_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    item_id: int = Field(foreign_key="worklist_item.id")
    clinic_id: int = Field(foreign_key="clinic.id")
    pump_id: int | None = Field(default=None, foreign_key="pump.id")
    unit: str | None = Field(default=None, max_length=80, description="the pump's unit when it was opened")
    priority: int = Field(description="1 low, 2 medium, 3 high")
    opened_at: datetime = Field(sa_type=UtcDateTime)
    started_at: datetime = Field(sa_type=UtcDateTime, description="when the steps began, last after a lapse")
    turn: int = Field(default=1, description="1 at first; counted up by each repetition and each lapse")
    next_step: int = Field(default=0, description="index of the step that is due next in this turn")
    next_at: datetime = Field(sa_type=UtcDateTime, description="when to look at it again")
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, max_length=254, description="email of the person who has it")
    lapses_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="the acknowledgment ends then, unless somebody acts before"
    )
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    resolve_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="it ended: those who were told hear it then, unless it is back"
    )
    came_back: int = Field(
        default=0,
        sa_column_kwargs={"server_default": "0"},
        description="how often its cause came back a short while after it went away",
    )


class NotificationRecipient(SQLModel, table=True):
    """One person who was told of one notification, by which step."""

    __tablename__ = "notification_recipient"
    __table_args__ = (
        Index(
            "ix_notification_recipient_audit",
            "id",
            sqlite_where=text("audit_due"),
            postgresql_where=text("audit_due"),
        ),
        Index(
            "ix_notification_recipient_held",
            "held_until",
            sqlite_where=text("held_until IS NOT NULL"),
            postgresql_where=text("held_until IS NOT NULL"),
        ),
    )

    id: int | None = Field(default=None, primary_key=True)
    notification_id: int = Field(foreign_key="notification.id", index=True)
    staff_id: int = Field(foreign_key="staff.id")
    at: datetime = Field(sa_type=UtcDateTime)
    type: str = Field(max_length=24, description="alarm.opened, alarm.escalated, alarm.lapsed, alarm.passed_on, …")
    turn: int
    step: int
    message_id: str | None = Field(
        default=None, max_length=40, description="of the outbox; None: held, or had no contact point"
    )
    held_until: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="over the person's limit: summed up then with what is held too"
    )
    audit_due: bool = Field(
        default=True, sa_column_kwargs={"server_default": false()}, description="the audit trail has no entry of it yet"
    )


def notifications_of_items(session: Session, item_ids: Sequence[int]) -> dict[int, Notification]:
    """The notification of each of those tasks that has one."""
    chosen = select(Notification).where(col(Notification.item_id).in_(item_ids))
    return {row.item_id: row for row in session.exec(chosen)} if item_ids else {}


def due_notifications(session: Session, now: datetime, limit: int) -> list[Notification]:
    """Those that are to be looked at by now, the most urgent first.

    One that began or was acknowledged in the future is among them: the clock was set back, and what it waits for would
    come too late. ``tracker.oncall.plan`` decides what follows.
    """
    return list(session.exec(_DUE, params={"now": now, "slack": now + CLOCK_SLACK, "limit": limit}))


def open_notifications(
    session: Session, *, pump_id: int | None = None, clinic_id: int | None = None
) -> list[Notification]:
    """Those of a pump or a clinic whose task is open."""
    chosen = select(Notification).where(col(Notification.ended_at).is_(None))
    if pump_id is not None:
        chosen = chosen.where(Notification.pump_id == pump_id)
    if clinic_id is not None:
        chosen = chosen.where(Notification.clinic_id == clinic_id)
    return list(session.exec(chosen.order_by(col(Notification.id))))


def open_notifications_by_id(session: Session, ids: Sequence[int]) -> list[Notification]:
    """Those of them whose task is open."""
    chosen = select(Notification).where(col(Notification.id).in_(ids), col(Notification.ended_at).is_(None))
    return list(session.exec(chosen)) if ids else []


def notifications_by_id(session: Session, ids: Sequence[int]) -> dict[int, Notification]:
    """Those notifications, whether they go on or ended."""
    chosen = select(Notification).where(col(Notification.id).in_(ids))
    return {key(row.id): row for row in session.exec(chosen)} if ids else {}


def notified_persons(session: Session, notification_ids: Sequence[int]) -> dict[int, list[NotificationRecipient]]:
    """Who was told of each, oldest first."""
    found: dict[int, list[NotificationRecipient]] = {}
    if notification_ids:
        chosen = select(NotificationRecipient).where(col(NotificationRecipient.notification_id).in_(notification_ids))
        for row in session.exec(chosen.order_by(col(NotificationRecipient.id))):
            found.setdefault(row.notification_id, []).append(row)
    return found


def notified_in_turn(session: Session, notification_ids: Sequence[int]) -> dict[int, list[NotificationRecipient]]:
    """Who was told of each in its turn of now, oldest first."""
    found: dict[int, list[NotificationRecipient]] = {}
    chosen = select(NotificationRecipient).where(
        col(NotificationRecipient.notification_id).in_(notification_ids),
        NotificationRecipient.notification_id == Notification.id,
        NotificationRecipient.turn == Notification.turn,
    )
    for row in session.exec(chosen.order_by(col(NotificationRecipient.id))) if notification_ids else ():
        found.setdefault(row.notification_id, []).append(row)
    return found


def last_of_causes(
    session: Session, causes: Sequence[tuple[int, str]], since: datetime, *, by: str
) -> dict[tuple[int, str], Notification]:
    """By clinic and cause, the notification that ended last because its cause went away, after ``since``."""
    if not causes:
        return {}
    chosen = (
        select(WorklistItem.clinic_id, WorklistItem.key, Notification)
        .where(
            Notification.item_id == WorklistItem.id,
            col(WorklistItem.key).in_({cause for _, cause in causes}),
            col(Notification.ended_at) >= since,
            col(WorklistItem.closed_by) == by,
        )
        .order_by(col(Notification.ended_at))
    )
    return {(clinic_id, cause): row for clinic_id, cause, row in session.exec(chosen)}


def settled_notifications(session: Session, now: datetime, longest: timedelta, limit: int) -> list[Notification]:
    """Those that ended and stayed so until now; so are those that wait longer than they can, by a clock set back."""
    return list(session.exec(_SETTLED, params={"now": now, "slack": now + longest + CLOCK_SLACK, "limit": limit}))


def held_recipients(session: Session, now: datetime, longest: timedelta) -> list[NotificationRecipient]:
    """All that is held of persons of whom something is to be summed up by now, oldest first."""
    return list(session.exec(_HELD, params={"now": now, "slack": now + longest + CLOCK_SLACK}))


def recipients_to_enter(session: Session, limit: int) -> list[NotificationRecipient]:
    """Who was told and is not in the audit trail yet, oldest first."""
    return list(session.exec(_TO_ENTER, params={"limit": limit}))


def look_again_at(session: Session, clinic_id: int, now: datetime) -> None:
    """Let the job look at every open notification of the clinic at its next turn: who is told may have changed."""
    session.execute(
        update(Notification)
        .where(col(Notification.clinic_id) == clinic_id, col(Notification.ended_at).is_(None))
        .values(next_at=now)
    )


def unnoticed_items(session: Session, priority: int, limit: int) -> list[WorklistItem]:
    """Open tasks of at least that priority that have no notification."""
    return list(session.exec(_UNNOTICED, params={"least": priority, "limit": limit}))


def closed_items_still_told(session: Session, limit: int) -> list[WorklistItem]:
    """Closed tasks whose notification still goes on."""
    return list(session.exec(_STILL_TOLD, params={"limit": limit}))


# The jobs ask for these at every turn, so each statement is made once.
_NOW: Final[Any] = bindparam("now")
_SLACK: Final[Any] = bindparam("slack")
_LIMIT: Final[Any] = bindparam("limit", type_=Integer)
_DUE: Final = (
    select(Notification)
    .where(
        col(Notification.ended_at).is_(None),
        or_(
            col(Notification.next_at) <= _NOW,
            col(Notification.started_at) > _NOW,
            col(Notification.acknowledged_at) > _SLACK,
        ),
    )
    .order_by(col(Notification.priority).desc(), col(Notification.next_at))
    .limit(_LIMIT)
)
_SETTLED: Final = (
    select(Notification)
    .where(
        col(Notification.resolve_at).is_not(None),
        or_(col(Notification.resolve_at) <= _NOW, col(Notification.resolve_at) > _SLACK),
    )
    .order_by(col(Notification.resolve_at))
    .limit(_LIMIT)
)
_SUMMED_UP_NOW: Final = select(NotificationRecipient.staff_id).where(
    col(NotificationRecipient.held_until).is_not(None),
    or_(col(NotificationRecipient.held_until) <= _NOW, col(NotificationRecipient.held_until) > _SLACK),
)
_OLDEST_FIRST: Final = select(NotificationRecipient).order_by(col(NotificationRecipient.id))
_HELD: Final = _OLDEST_FIRST.where(
    col(NotificationRecipient.held_until).is_not(None), col(NotificationRecipient.staff_id).in_(_SUMMED_UP_NOW)
)
_TO_ENTER: Final = _OLDEST_FIRST.where(col(NotificationRecipient.audit_due)).limit(_LIMIT)
_UNNOTICED: Final = (
    select(WorklistItem)
    .where(
        col(WorklistItem.closed_at).is_(None),
        col(WorklistItem.priority) >= bindparam("least"),
        ~select(Notification.item_id).where(Notification.item_id == WorklistItem.id).exists(),
    )
    .order_by(col(WorklistItem.id))
    .limit(_LIMIT)
)
_STILL_TOLD: Final = (
    select(WorklistItem)
    .where(
        Notification.item_id == WorklistItem.id,
        col(Notification.ended_at).is_(None),
        col(WorklistItem.closed_at).is_not(None),
    )
    .limit(_LIMIT)
)
