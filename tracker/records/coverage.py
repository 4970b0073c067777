"""Questions about whom a clinic's tasks reach."""

from __future__ import annotations

from functools import cache
from typing import Any

from sqlalchemy import bindparam
from sqlmodel import Session, col, func, select

from tracker.records.contact_point import ContactPoint
from tracker.records.notification import Notification
from tracker.records.oncall import OncallDocument
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem


def waiting_by_unit(session: Session, clinic_id: int, *, but_causes: str) -> dict[tuple[str | None, int], int]:
    """How many tasks of each unit and priority nobody has taken, without those whose causes begin so."""
    chosen = _waiting_but(but_causes)
    return {(unit, priority): count for unit, priority, count in session.exec(chosen, params={"clinic": clinic_id})}


def clinics_that_tell(session: Session, causes: str) -> list[int]:
    """The clinics that have policies or rotations, something that is told, or an open task whose cause begins so."""
    return sorted({clinic_id for chosen in _telling(causes) for clinic_id in session.exec(chosen)})


@cache  # each statement is made once: the job asks every minute, and always for the same causes
def _waiting_but(causes: str) -> Any:
    return (
        select(Notification.unit, Notification.priority, func.count())
        .where(
            Notification.item_id == WorklistItem.id,
            col(Notification.clinic_id) == bindparam("clinic"),
            col(Notification.ended_at).is_(None),
            col(Notification.acknowledged_at).is_(None),
            ~col(WorklistItem.key).startswith(causes, autoescape=True),
        )
        .group_by(col(Notification.unit), col(Notification.priority))
        .order_by(col(Notification.priority).desc(), col(Notification.unit))
    )


@cache
def _telling(causes: str) -> tuple[Any, ...]:
    has_item = col(WorklistItem.key).startswith(causes, autoescape=True) & col(WorklistItem.closed_at).is_(None)
    return (
        select(OncallDocument.clinic_id),
        select(Notification.clinic_id).where(col(Notification.ended_at).is_(None)).distinct(),
        select(WorklistItem.clinic_id).where(has_item),
    )


def clinics_with_contact_points(session: Session) -> list[int]:
    """The clinics of which somebody has a confirmed contact point."""
    chosen = (
        select(Staff.clinic_id)
        .where(
            ContactPoint.staff_id == Staff.id,
            col(ContactPoint.confirmed_at).is_not(None),
            col(ContactPoint.ended_at).is_(None),
        )
        .distinct()
    )
    return sorted(session.exec(chosen))
