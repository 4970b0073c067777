"""Lists of messages for pages and rehearsals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import sqlalchemy
from sqlmodel import Session, col, select

from tracker.errors import NotFound
from tracker.records.contact_point import ContactPoint
from tracker.records.message import Message, State, Type
from tracker.records.pump import Pump


def messages_of_look(session: Session, clinic_id: int, pump_id: int | None) -> list[Message]:
    """The clinic's messages about that pump, or about no one pump; oldest first."""
    chosen = select(Message).where(Message.clinic_id == clinic_id, col(Message.pump_id).is_not_distinct_from(pump_id))
    return list(session.exec(chosen.order_by(col(Message.created_at), col(Message.number), col(Message.id))))


def pump_of_clinic(session: Session, clinic_id: int, serial: str) -> int:
    """The id of that clinic's pump. Raises ``NotFound`` alike for none and for another clinic's."""
    found = session.exec(select(Pump.id).where(Pump.serial == serial, Pump.clinic_id == clinic_id)).first()
    if found is None:
        raise NotFound("your clinic has no pump with this serial")
    return found


def mark_queued_as_sent(session: Session, now: datetime) -> None:
    """Count every queued message as sent: for a rehearsal, which opens no connection. A test confirms its point."""
    session.connection().execute(_CONFIRM_TESTED, {"at": now})
    session.connection().execute(_SEND, {"at": now})


def any_queued(session: Session) -> bool:
    """Whether any message waits to be sent."""
    return session.execute(_QUEUED).first() is not None


_QUEUED: Final = sqlalchemy.select(col(Message.id)).where(col(Message.state) == State.QUEUED.value).limit(1)
_CONFIRM_TESTED: Final = (
    sqlalchemy.update(ContactPoint)
    .where(
        col(ContactPoint.id).in_(
            sqlalchemy.select(col(Message.contact_point_id)).where(
                col(Message.state) == State.QUEUED.value, col(Message.type) == Type.TEST.value
            )
        )
    )
    .values(confirmed_at=sqlalchemy.bindparam("at"))
)
_SEND: Final = (
    sqlalchemy.update(Message)
    .where(col(Message.state) == State.QUEUED.value)
    .values(state=State.SENT.value, sent_at=sqlalchemy.bindparam("at"), attempts=1)
)


def waiting_to_leave(session: Session, since: datetime, until: datetime, limit: int) -> list[Message]:
    """Messages of high priority written between those moments that have not left yet."""
    return list(session.exec(_WAITING, params={"since": since, "until": until, "limit": limit}))


_WAITING: Final = (
    select(Message)
    .where(
        Message.state == State.QUEUED.value,
        Message.priority == 3,
        col(Message.created_at) >= sqlalchemy.bindparam("since"),
        col(Message.created_at) <= sqlalchemy.bindparam("until"),
    )
    .order_by(col(Message.created_at))
    .limit(sqlalchemy.bindparam("limit", type_=sqlalchemy.Integer))
)


def last_messages_of_points(session: Session, contact_point_ids: Sequence[int]) -> dict[int, Message]:
    """The newest message to each of those contact points that had any."""
    found: dict[int, Message] = {}
    for number in contact_point_ids:
        chosen = select(Message).where(Message.destination == f"contact:{number}")
        newest = session.exec(chosen.order_by(col(Message.number).desc()).limit(1)).first()
        if newest is not None:
            found[number] = newest
    return found
