"""The daily digest: which person had which day's, and the open tasks that it lists."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import NamedTuple

import sqlalchemy
from sqlmodel import Field, Session, SQLModel, col, delete

from tracker.records.column_types import UtcDateTime
from tracker.records.pump import Pump
from tracker.records.worklist import WorklistItem

MOST: int = 5000
_MEDIUM = 2


class DigestDay(SQLModel, table=True):
    """A person's digest of one day was decided on: written, or not needed."""

    __tablename__ = "digest_day"

    staff_id: int = Field(foreign_key="staff.id", primary_key=True)
    day: date = Field(primary_key=True, description="of the clinic")
    at: datetime = Field(sa_type=UtcDateTime)
    tasks: int = Field(description="how many it listed; 0: there was nothing to say, and no message")


class OpenItem(NamedTuple):
    """An open task as a digest lists it."""

    item_id: int
    kind: str
    priority: int
    what: str
    since: datetime
    claimed_by: str | None
    pump_id: int | None
    serial: str | None
    unit: str | None


_OF_ITEM = ("id", "kind", "priority", "what", "since", "claimed_by", "pump_id")


def digest_days(session: Session, staff_ids: Sequence[int], since: date) -> list[tuple[int, date]]:
    """Which of those persons had the digest of that day or of a later one."""
    chosen = sqlalchemy.select(col(DigestDay.staff_id), col(DigestDay.day)).where(
        col(DigestDay.staff_id).in_(staff_ids), col(DigestDay.day) >= since
    )
    return [(staff_id, day) for staff_id, day in session.execute(chosen)] if staff_ids else []


def forget_digests(session: Session, staff_ids: Sequence[int], *, before: date, after: date) -> None:
    """Forget days of long ago, and days to come, which a clock that ran ahead has left."""
    session.exec(
        delete(DigestDay).where(
            col(DigestDay.staff_id).in_(staff_ids), (col(DigestDay.day) < before) | (col(DigestDay.day) > after)
        )
    )


def open_below_high(session: Session, clinic_id: int, now: datetime) -> list[OpenItem]:
    """The clinic's open tasks of medium and low priority that do not rest, most urgent first."""
    chosen = (
        sqlalchemy.select(*(col(getattr(WorklistItem, name)) for name in _OF_ITEM), col(Pump.serial), col(Pump.unit))
        .outerjoin(Pump, col(Pump.id) == col(WorklistItem.pump_id))
        .where(
            col(WorklistItem.clinic_id) == clinic_id,
            col(WorklistItem.closed_at).is_(None),
            col(WorklistItem.priority) <= _MEDIUM,
            col(WorklistItem.snoozed_until).is_(None) | (col(WorklistItem.snoozed_until) <= now),
        )
        .order_by(col(WorklistItem.priority).desc(), col(WorklistItem.harm_at), col(WorklistItem.id))
        .limit(MOST)
    )
    return [OpenItem._make(row) for row in session.execute(chosen)]
