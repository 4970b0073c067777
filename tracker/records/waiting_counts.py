"""How much waits: alarms that nobody has acknowledged, and pumps that are due to be evaluated, of all clinics."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import func, or_
from sqlmodel import Session, col, select

from devices.alarms import Priority
from tracker.records.alarm import Alarm
from tracker.records.pump import PumpState

AGES: Final = tuple(timedelta(seconds=seconds) for seconds in (0, 300, 1800, 7200))
"""Alarms are counted that wait for longer than each of these. Assumed: what a clinic on call would ask about."""


class AlarmsWaiting(NamedTuple):
    """The alarms of one priority that are open, not acknowledged and not snoozed."""

    priority: Priority
    longer_than: dict[timedelta, int]
    longest_s: float


class Backlog(NamedTuple):
    """The pumps that are due to be evaluated, and for how long the first of them has been."""

    pumps: int
    longest_s: float


def alarms_waiting(session: Session, now: datetime) -> list[AlarmsWaiting]:
    """For every priority, most urgent first; none that waits is a row of zeros."""
    since = func.coalesce(col(Alarm.unheard_since), col(Alarm.opened_at))
    counts = [func.count().filter(since <= now - age) for age in AGES]
    chosen = (
        select(col(Alarm.priority), func.min(since), *counts)
        .where(
            col(Alarm.closed_at).is_(None),
            col(Alarm.acknowledged_at).is_(None),
            or_(col(Alarm.snoozed_until).is_(None), col(Alarm.snoozed_until) <= now),
        )
        .group_by(col(Alarm.priority))
    )
    found = {row[0]: row for row in session.execute(chosen)}
    rows = []
    for priority in sorted(Priority, reverse=True):
        row = found.get(int(priority))
        if row is None:
            rows.append(AlarmsWaiting(priority, dict.fromkeys(AGES, 0), 0.0))
        else:
            rows.append(AlarmsWaiting(priority, dict(zip(AGES, row[2:], strict=True)), _age_s(now, row[1])))
    return rows


def backlog(session: Session, now: datetime) -> Backlog:
    """What the scheduler's next sweep has to do."""
    due = col(PumpState.evaluate_at)
    pumps, first = session.execute(select(func.count(due), func.min(due)).where(due <= now)).one()
    return Backlog(pumps, _age_s(now, first))


def _age_s(now: datetime, then: datetime | None) -> float:
    return 0.0 if then is None else max(0.0, (now - then).total_seconds())
