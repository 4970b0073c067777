"""Lifecycle events of pumps, as recorded."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import CheckConstraint, func
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.records.column_types import UtcDateTime


class LifecycleEvent(SQLModel, table=True):
    """One move of a pump through its life, appended: who, when, why."""

    __tablename__ = "lifecycle_event"
    __table_args__ = (CheckConstraint("from_state <> to_state", name="ck_lifecycle_event_moves"),)

    id: int | None = Field(default=None, primary_key=True)
    pump_id: int = Field(foreign_key="pump.id", index=True)
    from_state: str = Field(max_length=32)
    to_state: str = Field(max_length=32)
    at: datetime = Field(sa_type=UtcDateTime)
    by: str = Field(max_length=254)
    reason: str = Field(default="", max_length=1000)


def lifecycle_events(session: Session, pump_id: int) -> list[LifecycleEvent]:
    """The moves of one pump's life, oldest first."""
    chosen = select(LifecycleEvent).where(LifecycleEvent.pump_id == pump_id)
    return list(session.exec(chosen.order_by(col(LifecycleEvent.at), col(LifecycleEvent.id))))


def last_moves(session: Session, pump_ids: Sequence[int], states: Collection[str]) -> dict[int, datetime]:
    """When each of those pumps last came into one of those states from outside them, for those that did."""
    if not pump_ids:
        return {}
    chosen = (
        select(col(LifecycleEvent.pump_id), func.max(col(LifecycleEvent.at)))
        .where(
            col(LifecycleEvent.pump_id).in_(pump_ids),
            col(LifecycleEvent.to_state).in_(states),
            col(LifecycleEvent.from_state).not_in(states),
        )
        .group_by(col(LifecycleEvent.pump_id))
    )
    return dict(session.exec(chosen).all())
