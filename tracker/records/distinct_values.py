"""The values that a clinic's pumps have, each once."""

from __future__ import annotations

from typing import Any

from sqlalchemy import func, select
from sqlmodel import Session, col

from tracker.records.pump import Pump


def each_once(session: Session, column: Any, clinic_id: int) -> list[str]:
    """Every value but the empty one, in order: one look into the column's index for each value, not for each pump."""
    least = select(func.min(column)).where(col(Pump.clinic_id) == clinic_id)
    found = select(least.scalar_subquery().label("value")).cte("found", recursive=True)
    after = least.where(column > found.c.value).scalar_subquery()
    found = found.union_all(select(after).where(found.c.value.is_not(None)))
    return sorted(str(value) for (value,) in session.execute(select(found.c.value)) if value)
