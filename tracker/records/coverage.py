"""Questions about whom a clinic's tasks reach."""

from __future__ import annotations

from sqlmodel import Session, col, func, select

from tracker.records.notification import Notification
from tracker.records.worklist import WorklistItem


def waiting_by_unit(session: Session, clinic_id: int, *, but_causes: str) -> dict[tuple[str | None, int], int]:
    """How many tasks of each unit and priority nobody has taken, without those whose causes begin so."""
    chosen = (
        select(Notification.unit, Notification.priority, func.count())
        .where(
            Notification.item_id == WorklistItem.id,
            Notification.clinic_id == clinic_id,
            col(Notification.ended_at).is_(None),
            col(Notification.acknowledged_at).is_(None),
            ~col(WorklistItem.key).startswith(but_causes, autoescape=True),
        )
        .group_by(col(Notification.unit), col(Notification.priority))
        .order_by(col(Notification.priority).desc(), col(Notification.unit))
    )
    return {(unit, priority): count for unit, priority, count in session.exec(chosen)}
