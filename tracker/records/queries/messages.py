"""Lists of messages for pages and rehearsals."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

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
    tested = sqlalchemy.select(col(Message.contact_point_id)).where(
        col(Message.state) == State.QUEUED.value, col(Message.type) == Type.TEST.value
    )
    session.execute(sqlalchemy.update(ContactPoint).where(col(ContactPoint.id).in_(tested)).values(confirmed_at=now))
    session.execute(
        sqlalchemy.update(Message)
        .where(col(Message.state) == State.QUEUED.value)
        .values(state=State.SENT.value, sent_at=now, attempts=1)
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
