"""The moves of pumps through their lives, as they are on record."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from sqlalchemy import func
from sqlmodel import Session, col, select

from tracker.records.pump import LifecycleEvent


def lifecycle_events(session: Session, pump_id: int) -> list[LifecycleEvent]:
    """The moves of one pump's life, oldest first."""
    chosen = select(LifecycleEvent).where(LifecycleEvent.pump_id == pump_id)
    return list(session.exec(chosen.order_by(col(LifecycleEvent.at), col(LifecycleEvent.id))))


def last_moves(session: Session, pump_ids: Sequence[int], states: Collection[str]) -> dict[int, datetime]:
    """When each of those pumps last came into one of those states from outside them, for those that did."""
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
