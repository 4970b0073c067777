"""Pumps with an alarm of high priority that no evaluation has seen yet."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy
from sqlmodel import Session, col

from tracker.records.alarm import Alarm
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump, PumpState

_HIGH = 3


def pumps_with_new_high_alarm(session: Session, now: datetime, limit: int) -> list[tuple[int, datetime]]:
    """Those of them that are due by now, and since when each is due.

    Clinics and their units take turns, so that a broken gateway in one of them keeps no other waiting. Within a unit
    the alarm that was opened first comes first.
    """
    return [(pump_id, due) for pump_id, due in session.execute(_NEW, {"now": now, "limit": limit})]


def _statement() -> Any:
    """Made once: the job asks every second."""
    now: Any = sqlalchemy.bindparam("now")
    opened = sqlalchemy.func.min(col(Alarm.opened_at))
    turn = sqlalchemy.func.row_number().over(
        partition_by=(col(Pump.clinic_id), col(Pump.unit)), order_by=(opened, col(Pump.id))
    )
    unseen = col(Outlook.computed_at).is_(None) | (col(Outlook.computed_at) < col(Alarm.opened_at))
    return (
        sqlalchemy.select(col(Pump.id), sqlalchemy.func.max(col(PumpState.evaluate_at)))
        .join(PumpState, col(PumpState.pump_id) == col(Pump.id))
        .join(Alarm, col(Alarm.pump_id) == col(Pump.id))
        .outerjoin(Outlook, col(Outlook.pump_id) == col(Pump.id))
        .where(
            col(Alarm.closed_at).is_(None),
            col(Alarm.priority) == _HIGH,
            col(Alarm.opened_at) <= now,
            col(PumpState.evaluate_at) <= now,
            unseen,
        )
        .group_by(col(Pump.id), col(Pump.clinic_id), col(Pump.unit))
        .order_by(turn, opened, col(Pump.id))
        .limit(sqlalchemy.bindparam("limit", type_=sqlalchemy.Integer))
    )


_NEW = _statement()
