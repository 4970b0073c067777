"""The outbox: every message that leaves, as a row written in the transaction of its cause.

A destination's messages carry numbers without gaps, given in the order in which their causes were committed.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import Index, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import BigKey, JsonColumn, UtcDateTime

_HIGH: Final = 3
TRIED_FOR: Final = timedelta(hours=24)
LEASE: Final = timedelta(seconds=45)
"""So long a process may send to a destination without a sign of it. One attempt takes 20 s at the most."""
LONGEST_PAUSE: Final = timedelta(seconds=90)
"""No failure puts off for longer: a later time is from before the clock was set back."""


class State(StrEnum):
    """Where a message stands. *Acknowledged* is sent, and its recipient took the alarm."""

    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"
    ACKNOWLEDGED = "acknowledged"


class Type(StrEnum):
    """What a message speaks of; fixed by the contract."""

    OPENED = "alarm.opened"
    ESCALATED = "alarm.escalated"
    ACKNOWLEDGED = "alarm.acknowledged"
    LAPSED = "alarm.lapsed"
    RESOLVED = "alarm.resolved"
    ASSIGNED = "task.assigned"
    DIGEST = "digest"
    TEST = "test"


class Destination(SQLModel, table=True):
    """Where messages go in order: its last number, who is sending to it now, and when to try again after a failure."""

    __tablename__ = "destination"

    key: str = Field(primary_key=True, max_length=80, description="contact:ID")
    last_number: int = Field(default=0, sa_type=BigKey)
    leased_by: str | None = Field(default=None, max_length=200)
    lease_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    next_try_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="after a failure; none: now")
    failures: int = Field(default=0, description="in a row")
    fault: str | None = Field(default=None, max_length=500, description="of the last failure; none after a success")
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="the last success")


class Message(SQLModel, table=True):
    """One message to one destination. It keeps its id however often it is sent."""

    __tablename__ = "message"
    __table_args__ = (
        Index("uq_message_number", "destination", "number", unique=True),
        Index(
            "ix_message_queued",
            "destination",
            "number",
            sqlite_where=text("state = 'queued'"),
            postgresql_where=text("state = 'queued'"),
        ),
        Index("ix_message_clinic", "clinic_id", "created_at", "id"),
        Index("ix_message_pump", "pump_id", "created_at"),
        Index("ix_message_staff", "staff_id", "created_at"),
    )

    id: str = Field(primary_key=True, max_length=40, description="msg_ and 32 hexadecimal digits")
    destination: str = Field(foreign_key="destination.key", max_length=80)
    number: int = Field(sa_type=BigKey)
    contact_point_id: int = Field(foreign_key="contact_point.id")
    staff_id: int = Field(foreign_key="staff.id")
    clinic_id: int = Field(foreign_key="clinic.id")
    pump_id: int | None = Field(default=None, foreign_key="pump.id")
    type: str = Field(max_length=24)
    priority: int = Field(description="1 low, 2 medium, 3 high")
    notification_ids: list[int] = Field(sa_type=JsonColumn, description="those that it speaks of; empty: none")
    data: dict[str, Any] = Field(sa_type=JsonColumn, description="the contract's data but for the links")
    created_at: datetime = Field(sa_type=UtcDateTime)
    give_up_at: datetime = Field(sa_type=UtcDateTime)
    state: str = Field(default=State.QUEUED.value, max_length=16)
    attempts: int = Field(default=0)
    next_try_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="set where this message alone was put off; none: in its order"
    )
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="taken over by the other end")
    delivered: bool = Field(default=False, description="the other end is the recipient's own: webhook, push service")
    failed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    fault: str | None = Field(default=None, max_length=500, description="of the last attempt that failed")
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class MessageAttempt(SQLModel, table=True):
    """One attempt to send a message, appended."""

    __tablename__ = "message_attempt"

    id: int | None = Field(default=None, primary_key=True)
    message_id: str = Field(foreign_key="message.id", index=True, max_length=40)
    at: datetime = Field(sa_type=UtcDateTime)
    outcome: str = Field(max_length=16, description="sent, failed, gone")
    detail: str = Field(default="", max_length=500, description="the other end's own words")


class Outgoing(NamedTuple):
    """A message to be written to the outbox."""

    contact_point_id: int
    staff_id: int
    clinic_id: int
    pump_id: int | None
    type: Type
    priority: int
    data: dict[str, Any]
    notification_ids: Sequence[int] = ()


def enqueue(session: Session, outgoing: Sequence[Outgoing], now: datetime) -> list[Message]:
    """Write those messages in the caller's transaction, each destination's numbers in the order given.

    Destinations are locked in the order of their keys, so that two transactions can't wait for each other.
    """
    by_key: dict[str, list[Outgoing]] = {}
    for one in outgoing:
        by_key.setdefault(f"contact:{one.contact_point_id}", []).append(one)
    written: list[Message] = []
    for name in sorted(by_key):
        urgent = any(one.priority == _HIGH for one in by_key[name])
        numbers = _take_numbers(session, name, len(by_key[name]), urgent=urgent)
        for number, one in zip(numbers, by_key[name], strict=True):
            message = Message(
                id="msg_" + secrets.token_hex(16),
                destination=name,
                number=number,
                contact_point_id=one.contact_point_id,
                staff_id=one.staff_id,
                clinic_id=one.clinic_id,
                pump_id=one.pump_id,
                type=one.type.value,
                priority=one.priority,
                notification_ids=list(one.notification_ids),
                data=one.data,
                created_at=now,
                give_up_at=now + TRIED_FOR,
            )
            session.add(message)
            written.append(message)
    session.flush()
    return written


def _take_numbers(session: Session, destination: str, count: int, *, urgent: bool) -> range:
    """The next numbers there. One that waits after a failure is tried at once where something urgent comes."""
    dialect = sqlite if session.get_bind().dialect.name == "sqlite" else postgresql
    row = dialect.insert(Destination).values(key=destination, last_number=count, failures=0)
    counted = row.on_conflict_do_update(
        index_elements=["key"],
        set_={"last_number": col(Destination.last_number) + count} | ({"next_try_at": None} if urgent else {}),
    )
    last = int(session.execute(counted.returning(col(Destination.last_number))).scalar_one())
    return range(last - count + 1, last + 1)


def messages_page(
    session: Session,
    clinic_id: int,
    limit: int,
    after: tuple[datetime, str] | None = None,
    *,
    state: State | None = None,
    staff_id: int | None = None,
    pump_id: int | None = None,
    delivered: bool | None = None,
) -> list[Message]:
    """A page of a clinic's messages, newest first; ``after`` is the last one's time and id."""
    chosen = select(Message).where(Message.clinic_id == clinic_id)
    if state is not None:
        chosen = chosen.where(Message.state == state.value)
    if staff_id is not None:
        chosen = chosen.where(Message.staff_id == staff_id)
    if pump_id is not None:
        chosen = chosen.where(Message.pump_id == pump_id)
    if delivered is not None:
        chosen = chosen.where(col(Message.delivered) == delivered)
    if after is not None:
        at, message_id = after
        same = (col(Message.created_at) == at) & (col(Message.id) < message_id)
        chosen = chosen.where((col(Message.created_at) < at) | same)
    return list(session.exec(chosen.order_by(col(Message.created_at).desc(), col(Message.id).desc()).limit(limit)))


def waiting_destinations(session: Session, now: datetime, limit: int) -> list[tuple[str, bool]]:
    """Destinations with messages that may be sent now and that nobody is sending to, the most urgent first.

    With each: whether the last attempt there failed.
    """
    chosen = (
        sqlalchemy.select(col(Message.destination), sqlalchemy.func.max(col(Destination.failures)))
        .where(
            col(Message.state) == State.QUEUED.value,
            col(Message.destination) == col(Destination.key),
            _due(Message.next_try_at, now, LONGEST_PAUSE),
            _due(Destination.next_try_at, now, LONGEST_PAUSE),
            _due(Destination.lease_until, now, 2 * LEASE),
        )
        .group_by(col(Message.destination))
        .order_by(sqlalchemy.func.max(col(Message.priority)).desc(), sqlalchemy.func.min(col(Message.created_at)))
        .limit(limit)
    )
    return [(name, failures > 0) for name, failures in session.execute(chosen)]


def take_destination(session: Session, name: str, holder: str, now: datetime) -> bool:
    """Take or renew the right to send there; False where another process has it."""
    free = _due(Destination.lease_until, now, 2 * LEASE) | (col(Destination.leased_by) == holder)
    taken = session.connection().execute(
        sqlalchemy.update(Destination)
        .where(col(Destination.key) == name, free)
        .values(leased_by=holder, lease_until=now + LEASE)
    )
    return bool(taken.rowcount)


def holders(session: Session) -> list[str]:
    """Who has the right to send to anywhere now."""
    chosen = sqlalchemy.select(col(Destination.leased_by)).where(col(Destination.leased_by).is_not(None)).distinct()
    return list(session.execute(chosen).scalars())


def release_leases(session: Session, holder: str) -> None:
    """Give back every destination of a process that ended."""
    session.execute(
        sqlalchemy.update(Destination)
        .where(col(Destination.leased_by) == holder)
        .values(leased_by=None, lease_until=None)
    )


def next_message(session: Session, destination: str, now: datetime) -> Message | None:
    """The queued message with the lowest number there that has not been put off."""
    own_turn = _due(Message.next_try_at, now, LONGEST_PAUSE)
    chosen = select(Message).where(Message.destination == destination, Message.state == State.QUEUED.value, own_turn)
    return session.exec(chosen.order_by(col(Message.number)).limit(1)).first()


def queued_messages(session: Session, destination: str, give_up_by: datetime | None = None) -> list[Message]:
    """What waits there in its order; with a time, only what is to be given up by then."""
    chosen = select(Message).where(Message.destination == destination, Message.state == State.QUEUED.value)
    if give_up_by is not None:
        chosen = chosen.where(Message.give_up_at <= give_up_by)
    return list(session.exec(chosen.order_by(col(Message.number))))


def _due(when: Any, now: datetime, longest: timedelta) -> Any:
    """Whether that time has come, is none, or lies so far ahead that the clock was set back since."""
    return col(when).is_(None) | (col(when) <= now) | (col(when) > now + longest)


def hold_message(session: Session, message_id: str) -> None:
    """Lock that message until the transaction ends: what its link does once, two presses at a time do once."""
    session.get(Message, message_id, with_for_update=True, populate_existing=True)


def messages_of_person_about(session: Session, staff_id: int, notification_ids: Sequence[int]) -> list[Message]:
    """A person's messages that speak of any of those notifications and are not acknowledged, of the last two days."""
    chosen = select(Message).where(Message.staff_id == staff_id, col(Message.acknowledged_at).is_(None))
    rows = session.exec(chosen.order_by(col(Message.created_at).desc()).limit(500))
    wanted = set(notification_ids)
    return [row for row in rows if wanted & set(row.notification_ids)]
