"""The worklist as its page shows it: open lines with their pumps, the tallies beside the filters, past events."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, Select, and_, bindparam, func, or_
from sqlmodel import Session, col, select

from devices.alarms import Priority
from tracker.records.distinct_values import each_once
from tracker.records.pump import Pump
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem


class Colleague(NamedTuple):
    """One of the staff, as far as others need to know."""

    email: str
    name: str
    role: str


@dataclass(frozen=True, slots=True)
class WorklistFilter:
    """Which lines to show. Empty fields do not narrow; ``unclaimed`` shows what nobody took."""

    clinic_id: int
    claimed_by: str | None = None
    unclaimed: bool = False
    unit: str | None = None
    kind: str | None = None
    pump_id: int | None = None


@dataclass(frozen=True, slots=True)
class WorklistLine:
    """One open line with the pump that it concerns, if it concerns one."""

    item: WorklistItem
    pump: Pump | None


@dataclass(frozen=True, slots=True)
class Tally:
    """How many lines are open, by priority and by kind; one that is snoozed is not counted until it wakes."""

    priorities: dict[int, int]
    kinds: dict[str, int]


Place = tuple[int, datetime, int]


def place_of(item: WorklistItem) -> Place:
    """Where a line stands in the order of harm: priority, time to harm, id."""
    return item.priority, item.harm_at, item.id or 0


def worklist_lines(
    session: Session, wanted: WorklistFilter, now: datetime, limit: int, after: Place | None = None
) -> list[WorklistLine]:
    """Open lines in the order of harm and time to harm; those that are snoozed are left out until they wake.

    The first of each priority are taken by the index, which holds them in the order of time to harm, and only those
    few are put in order, however many are open.
    """
    priority = col(WorklistItem.priority)
    order = (priority.desc(), col(WorklistItem.harm_at), col(WorklistItem.id))
    firsts = []
    for of_priority in (priority >= Priority.HIGH, priority == Priority.MEDIUM, priority <= Priority.LOW):
        some = select(WorklistItem.id).where(of_priority)
        if wanted.unit:
            some = some.join(Pump, col(Pump.id) == col(WorklistItem.pump_id))
        some = _narrowed(some, wanted, now)
        if after is not None:
            some = some.where(_later(*after))
        some = some.order_by(*order).limit(limit).subquery()
        firsts.append(sqlalchemy.select(some.c.id))
    rows = session.exec(
        select(WorklistItem, Pump)
        .join(Pump, col(Pump.id) == col(WorklistItem.pump_id), isouter=True)
        .where(col(WorklistItem.id).in_(sqlalchemy.union_all(*firsts)))
        .order_by(*order)
        .limit(limit)
    )
    return [WorklistLine(item, pump) for item, pump in rows]


def _later(priority: int, harm_at: datetime, item_id: int) -> ColumnElement[bool]:
    """Lines that stand after that place."""
    same = col(WorklistItem.priority) == priority
    return or_(
        col(WorklistItem.priority) < priority,
        and_(same, col(WorklistItem.harm_at) > harm_at),
        and_(same, col(WorklistItem.harm_at) == harm_at, col(WorklistItem.id) > item_id),
    )


def worklist_tally(session: Session, clinic_id: int, now: datetime) -> Tally:
    """How many lines are open by priority, and by kind in the order of their names."""
    query = _narrowed(
        select(WorklistItem.kind, WorklistItem.priority, func.count()), WorklistFilter(clinic_id), now
    ).group_by(col(WorklistItem.kind), col(WorklistItem.priority))
    tally = Tally({}, {})
    for kind, priority, count in sorted(session.exec(query)):
        tally.kinds[kind] = tally.kinds.get(kind, 0) + count
        tally.priorities[priority] = tally.priorities.get(priority, 0) + count
    return tally


def worklist_closed_since(session: Session, clinic_id: int, since: datetime, limit: int = 20) -> list[WorklistLine]:
    """Lines that were closed since then, the newest first, with who closed them and why."""
    query = (
        select(WorklistItem, Pump)
        .join(Pump, col(Pump.id) == col(WorklistItem.pump_id), isouter=True)
        .where(col(WorklistItem.clinic_id) == clinic_id, col(WorklistItem.closed_at) > since)
        .order_by(col(WorklistItem.closed_at).desc())
        .limit(limit)
    )
    return [WorklistLine(item, pump) for item, pump in session.exec(query)]


def worklist_opened_since(session: Session, clinic_id: int, since: datetime) -> tuple[int, int]:
    """How many open lines are new since then, and how many older ones changed."""
    opened = func.count().filter(col(WorklistItem.opened_at) > since)
    query = select(opened, func.count()).where(
        col(WorklistItem.clinic_id) == clinic_id,
        col(WorklistItem.closed_at).is_(None),
        col(WorklistItem.changed_at) > since,
    )
    new, touched = session.exec(query).one()
    return int(new), int(touched) - int(new)


def worklist_line(session: Session, clinic_id: int, item_id: int) -> WorklistLine | None:
    """One line of that clinic, open or closed."""
    row = session.exec(
        select(WorklistItem, Pump)
        .join(Pump, col(Pump.id) == col(WorklistItem.pump_id), isouter=True)
        .where(col(WorklistItem.clinic_id) == clinic_id, col(WorklistItem.id) == item_id)
    ).first()
    return None if row is None else WorklistLine(*row)


def colleagues(session: Session, clinic_id: int) -> list[Colleague]:
    """The active people of a clinic by name: those who can be handed a line. No program can."""
    return [Colleague(*row) for row in session.execute(_COLLEAGUES, {"clinic_id": clinic_id})]


def units(session: Session, clinic_id: int) -> list[str]:
    """The units that the clinic's pumps belong to."""
    return each_once(session, col(Pump.unit), clinic_id)


_COLLEAGUES: Final = (
    sqlalchemy.select(col(Staff.email), col(Staff.name), col(Staff.role))
    .where(
        col(Staff.clinic_id) == bindparam("clinic_id"), col(Staff.active).is_(True), col(Staff.responsible_id).is_(None)
    )
    .order_by(col(Staff.name), col(Staff.email))
)


def _narrowed(query: Select[Any] | Any, wanted: WorklistFilter, now: datetime) -> Any:
    query = query.where(
        col(WorklistItem.clinic_id) == wanted.clinic_id,
        col(WorklistItem.closed_at).is_(None),
        or_(col(WorklistItem.snoozed_until).is_(None), col(WorklistItem.snoozed_until) <= now),
    )
    if wanted.claimed_by is not None:
        query = query.where(col(WorklistItem.claimed_by) == wanted.claimed_by)
    if wanted.unclaimed:
        query = query.where(col(WorklistItem.claimed_by).is_(None))
    if wanted.kind:
        query = query.where(col(WorklistItem.kind) == wanted.kind)
    if wanted.pump_id is not None:
        query = query.where(col(WorklistItem.pump_id) == wanted.pump_id)
    if wanted.unit:
        query = query.where(col(Pump.unit) == wanted.unit)
    return query
