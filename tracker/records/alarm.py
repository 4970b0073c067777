"""Alarms with a life of their own, and each of their transitions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlalchemy import Index, func, literal, text
from sqlmodel import Field, Session, SQLModel, col, select

from devices.alarms import BUILT_IN_NOTICE
from tracker.records.column_types import EVENT_REASON, UtcDateTime


class Alarm(SQLModel, table=True):
    """One alarm of a pump, from first sight until it is both gone and (where latched) looked at.

    *Active* (``cleared_at`` empty) and *acknowledged* are independent; the alarm is open until ``closed_at``.
    """

    __tablename__ = "alarm"
    __table_args__ = (
        Index(
            "uq_alarm_open",
            "pump_id",
            "code",
            unique=True,
            sqlite_where=text("closed_at IS NULL"),
            postgresql_where=text("closed_at IS NULL"),
        ),
        Index("ix_alarm_pump", "pump_id", "first_seen_at"),
    )

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id")
    code: str = Field(max_length=40)
    priority: int = Field(description="devices.alarms.Priority: 1 low, 2 medium, 3 high")
    latched: bool = Field(default=False, description="stays open until a person acknowledged it")
    first_seen_at: datetime = Field(sa_type=UtcDateTime, description="measured time of the first report with it")
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    opened_at: datetime = Field(sa_type=UtcDateTime, description="when it was committed here")
    count: int = Field(default=1, description="reports that carried it")
    cleared_at: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="measured time of the first report without it"
    )
    acknowledged_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    acknowledged_by: str | None = Field(default=None, max_length=254)
    unheard_since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="when its acknowledgment ceased to count; none that never did"
    )
    assignee: str | None = Field(default=None, max_length=254)
    snoozed_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    snooze_reason: str | None = Field(default=None, max_length=500)
    escalated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class AlarmSpan(NamedTuple):
    """An alarm from first to last as it is evaluated: quick to read for very many pumps."""

    id: int
    pump_id: int
    code: str
    first_seen_at: datetime
    last_seen_at: datetime
    opened_at: datetime
    cleared_at: datetime | None
    acknowledged_at: datetime | None
    unheard_since: datetime | None
    closed_at: datetime | None


class AlarmEvent(SQLModel, table=True):
    """One transition of an alarm, appended: who, why, when."""

    __tablename__ = "alarm_event"

    id: int | None = Field(default=None, primary_key=True)
    alarm_id: int = Field(foreign_key="alarm.id", index=True)
    at: datetime = Field(sa_type=UtcDateTime)
    kind: str = Field(
        max_length=24,
        description="raised, cleared, returned, acknowledged, assigned, snoozed, woken, escalated, rated, closed",
    )
    by: str = Field(max_length=254, description="a person's email, or the part of the system that did it")
    reason: str = Field(default="", max_length=EVENT_REASON)


def open_alarms(session: Session, pump_ids: Sequence[int]) -> dict[int, list[Alarm]]:
    """The open alarms of each of those pumps, highest priority first, then oldest."""
    if not pump_ids:
        return {}
    found: dict[int, list[Alarm]] = {}
    rows = session.exec(
        select(Alarm)
        .where(col(Alarm.pump_id).in_(pump_ids), col(Alarm.closed_at).is_(None))
        .order_by(col(Alarm.priority).desc(), col(Alarm.first_seen_at), col(Alarm.id))
    )
    for alarm in rows:
        found.setdefault(alarm.pump_id, []).append(alarm)
    return found


def alarms_open_at(session: Session, pump_id: int, moment: datetime) -> list[Alarm]:
    """A pump's alarms that were open at that moment, newest first."""
    chosen = select(Alarm).where(
        col(Alarm.pump_id) == pump_id,
        col(Alarm.opened_at) <= moment,
        col(Alarm.closed_at).is_(None) | (col(Alarm.closed_at) > moment),
    )
    return list(session.exec(chosen.order_by(col(Alarm.first_seen_at).desc(), col(Alarm.id).desc())))


class NoticeGiven(NamedTuple):
    """An alarm by which a pump announced its failure, whatever became of it since."""

    id: int
    pump_id: int
    code: str
    first_seen_at: datetime
    opened_at: datetime


def notices_of_pumps(
    session: Session, pump_ids: Sequence[int], as_of: datetime | None = None
) -> dict[int, list[NoticeGiven]]:
    """Each pump's built-in notices of failure, closed ones too, that were received by that moment; oldest first."""
    if not pump_ids:
        return {}
    columns = (col(getattr(Alarm, name)) for name in NoticeGiven._fields)
    chosen = sqlalchemy.select(*columns).where(col(Alarm.pump_id).in_(pump_ids), col(Alarm.code).in_(_NOTICE))
    if as_of is not None:
        chosen = chosen.where(col(Alarm.opened_at) <= as_of)
    found: dict[int, list[NoticeGiven]] = {}
    for row in session.execute(chosen.order_by(col(Alarm.first_seen_at), col(Alarm.id))):
        found.setdefault(row[1], []).append(NoticeGiven._make(row))
    return found


_NOTICE = tuple(sorted(str(code) for code in BUILT_IN_NOTICE))


def alarm_events(session: Session, alarm_id: int) -> list[AlarmEvent]:
    """What happened to an alarm, oldest first."""
    return list(session.exec(select(AlarmEvent).where(AlarmEvent.alarm_id == alarm_id).order_by(col(AlarmEvent.id))))


def any_open(session: Session) -> bool:
    """Whether any pump has an open alarm: asked at every turn of a job, so the statement is made once."""
    return session.execute(_ANY_OPEN).first() is not None


_ANY_OPEN = select(literal(1)).where(col(Alarm.closed_at).is_(None)).limit(1)


def unacknowledged_since(session: Session, priority: int, since: datetime, limit: int) -> list[Alarm]:
    """Open, active alarms of that priority that were opened by then, not acknowledged and not escalated yet."""
    return list(
        session.exec(
            select(Alarm)
            .where(
                col(Alarm.closed_at).is_(None),
                col(Alarm.cleared_at).is_(None),
                col(Alarm.acknowledged_at).is_(None),
                col(Alarm.escalated_at).is_(None),
                col(Alarm.snoozed_until).is_(None),
                Alarm.priority == priority,
                func.coalesce(Alarm.unheard_since, Alarm.opened_at) <= literal(since, UtcDateTime),
            )
            .order_by(col(Alarm.opened_at))
            .limit(limit)
        )
    )


def snoozes_over(session: Session, now: datetime, limit: int) -> list[Alarm]:
    """Open alarms whose snooze has ended."""
    chosen = select(Alarm).where(col(Alarm.closed_at).is_(None), col(Alarm.snoozed_until) <= now)
    return list(session.exec(chosen.order_by(col(Alarm.snoozed_until)).limit(limit)))


def alarms_of_pumps(session: Session, pump_ids: Sequence[int], since: datetime) -> dict[int, list[AlarmSpan]]:
    """Each pump's alarms seen since then, open or not, oldest first."""
    if not pump_ids:
        return {}
    found: dict[int, list[AlarmSpan]] = {}
    columns = (col(getattr(Alarm, name)) for name in AlarmSpan._fields)
    chosen = sqlalchemy.select(*columns).where(col(Alarm.pump_id).in_(pump_ids), col(Alarm.last_seen_at) >= since)
    for row in session.execute(chosen.order_by(col(Alarm.first_seen_at), col(Alarm.id))):
        found.setdefault(row[1], []).append(AlarmSpan._make(row))
    return found
