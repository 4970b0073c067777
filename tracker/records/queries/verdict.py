"""What a verdict is made from, of many pumps at once: the newest report in short, open tasks, open alarms."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy
from sqlmodel import Session, col

from tracker.records.alarm import Alarm
from tracker.records.pump import Pump, PumpState
from tracker.records.worklist import WorklistItem


class StateInShort(NamedTuple):
    """The part of a pump's record and state that a verdict looks at; None where nothing was reported."""

    id: int
    lifecycle: str
    report_interval_s: int
    link: str | None
    measured_at: datetime | None
    infusion: str | None
    motor: str | None
    flow_ml_per_day: float | None
    data_status: str | None
    clock_wrong_since: datetime | None


class OpenTask(NamedTuple):
    """An open task's urgency and words."""

    pump_id: int
    priority: int
    kind: str
    what: str
    why: str


def states_in_short(session: Session, pump_ids: Sequence[int]) -> dict[int, StateInShort]:
    """Each of those pumps."""
    state = (getattr(PumpState, name) for name in StateInShort._fields[3:])
    chosen = (
        sqlalchemy.select(col(Pump.id), col(Pump.lifecycle), col(Pump.report_interval_s), *(col(one) for one in state))
        .join(PumpState, col(PumpState.pump_id) == col(Pump.id), isouter=True)
        .where(col(Pump.id).in_(pump_ids))
    )
    return {row[0]: StateInShort._make(row) for row in session.execute(chosen)}


def open_tasks(session: Session, pump_ids: Sequence[int]) -> dict[int, list[OpenTask]]:
    """The open tasks of each of those pumps, snoozed ones too, the most urgent first."""
    found: dict[int, list[OpenTask]] = {}
    chosen = (
        sqlalchemy.select(*(col(getattr(WorklistItem, name)) for name in OpenTask._fields))
        .where(col(WorklistItem.pump_id).in_(pump_ids), col(WorklistItem.closed_at).is_(None))
        .order_by(col(WorklistItem.priority).desc(), col(WorklistItem.harm_at), col(WorklistItem.id))
    )
    for row in session.execute(chosen):
        found.setdefault(row[0], []).append(OpenTask._make(row))
    return found


def open_alarm_codes(session: Session, pump_ids: Sequence[int]) -> dict[int, list[tuple[str, int]]]:
    """Code and stored priority of the open alarms of each of those pumps, the most urgent first."""
    found: dict[int, list[tuple[str, int]]] = {}
    chosen = (
        sqlalchemy.select(col(Alarm.pump_id), col(Alarm.code), col(Alarm.priority))
        .where(col(Alarm.pump_id).in_(pump_ids), col(Alarm.closed_at).is_(None))
        .order_by(col(Alarm.priority).desc(), col(Alarm.first_seen_at))
    )
    for pump_id, code, priority in session.execute(chosen):
        found.setdefault(pump_id, []).append((code, priority))
    return found
