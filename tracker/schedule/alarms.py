"""The alarms job: end snoozes, escalate what nobody acknowledges."""

from __future__ import annotations

from datetime import datetime

from tracker.actions.alarms.end_snoozes import end_snoozes
from tracker.actions.alarms.escalate_alarms import AT_ONCE, alarms_unanswered, escalate_alarms
from tracker.records.alarm import any_open, snoozes_over
from tracker.records.database import Database


def tend_alarms(database: Database, now: datetime) -> int:
    """Wake and escalate all that is due, some hundreds in one transaction. Returns how many alarms moved."""
    with database.reading() as session:
        if not any_open(session) or not (snoozes_over(session, now, 1) or alarms_unanswered(session, now)):
            return 0
    moved = 0
    for tend in (end_snoozes, escalate_alarms):
        touched = AT_ONCE
        while touched >= AT_ONCE:
            with database.writing() as session:
                touched = tend(session, now)
            moved += touched
    return moved
