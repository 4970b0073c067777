"""How much waits in the outbox, for the figures."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlmodel import Session, col

from tracker.records.message import Message, State


class Waiting(NamedTuple):
    """How many messages of one priority (1 low, 2 medium, 3 high) are queued, and since when the first of them is."""

    priority: int
    messages: int
    since: datetime


def waiting(session: Session) -> list[Waiting]:
    """What is queued, by priority."""
    chosen = (
        sqlalchemy.select(col(Message.priority), sqlalchemy.func.count(), sqlalchemy.func.min(col(Message.created_at)))
        .where(col(Message.state) == State.QUEUED.value)
        .group_by(col(Message.priority))
    )
    return [Waiting(*row) for row in session.execute(chosen)]
