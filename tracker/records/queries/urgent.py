"""Tasks of high priority that nobody has: the band at the top of every page, and what the live feed compares."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlmodel import Session, col, func

from devices.alarms import Priority
from tracker.records.notification import Notification
from tracker.records.pump import Pump
from tracker.records.worklist import WorklistItem

UrgentMark = tuple[int, int, int]
"""How many there are, the newest one's id, and the sum of their ids: another set gives another mark."""


class Urgent(NamedTuple):
    """The one with the earliest harm, how many there are, and the newest one's id."""

    item_id: int
    what: str
    since: datetime
    serial: str | None
    total: int
    newest: int


def urgent_of_clinic(session: Session, clinic_id: int) -> Urgent | None:
    """The clinic's tasks of high priority that nobody has acknowledged, as one; None where there are none."""
    row = session.execute(_OF_CLINIC, {"clinics": [clinic_id]}).first()
    return None if row is None else Urgent._make(row)


def urgent_marks(session: Session, clinic_ids: Collection[int]) -> dict[int, UrgentMark]:
    """The mark of each of those clinics that has any."""
    if not clinic_ids:
        return {}
    return {
        clinic_id: (total, newest, int(ids))
        for clinic_id, total, newest, ids in session.execute(_MARKS, {"clinics": sorted(clinic_ids)})
    }


# Asked by every page and twice a second by the live feed, so each of these statements is made once.
_CLINICS: Final[Any] = sqlalchemy.bindparam("clinics", expanding=True)
_UNACKNOWLEDGED: Final = (
    col(WorklistItem.clinic_id).in_(_CLINICS),
    col(WorklistItem.closed_at).is_(None),
    col(WorklistItem.priority) == int(Priority.HIGH),
    col(Notification.acknowledged_at).is_(None),
    # An acknowledgment that lapsed leaves the task with its person: the notification alone says that nobody has it.
    col(Notification.id).is_not(None) | col(WorklistItem.claimed_by).is_(None),
)
_OF_CLINIC: Final = (
    sqlalchemy.select(
        col(WorklistItem.id),
        col(WorklistItem.what),
        col(WorklistItem.since),
        col(Pump.serial),
        func.count().over(),
        func.max(col(WorklistItem.id)).over(),
    )
    .select_from(WorklistItem)
    .outerjoin(Notification, col(Notification.item_id) == col(WorklistItem.id))
    .outerjoin(Pump, col(Pump.id) == col(WorklistItem.pump_id))
    .where(*_UNACKNOWLEDGED)
    .order_by(col(WorklistItem.harm_at), col(WorklistItem.id))
    .limit(1)
)
_MARKS: Final = (
    sqlalchemy.select(
        col(WorklistItem.clinic_id),
        func.count(),
        func.max(col(WorklistItem.id)),
        func.sum(col(WorklistItem.id)),
    )
    .select_from(WorklistItem)
    .outerjoin(Notification, col(Notification.item_id) == col(WorklistItem.id))
    .where(*_UNACKNOWLEDGED)
    .group_by(col(WorklistItem.clinic_id))
)
