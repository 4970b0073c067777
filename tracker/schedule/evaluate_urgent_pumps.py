"""Evaluate pumps with a new alarm of high priority at once, so that no stall waits behind a long sweep."""

from __future__ import annotations

from datetime import datetime

from tracker.records.database import Database
from tracker.records.queries.new_high_alarms import pumps_with_new_high_alarm
from tracker.schedule.isolate_failures import PUT_OFF_FOR, Swept, evaluate_isolated
from tracker.schedule.job import Unfinished
from tracker.schedule.worker_pool import WRITE_AT_ONCE, write


def evaluate_urgent_pumps(database: Database, now: datetime) -> int:
    """Evaluate one set of them in one short transaction; the next turn looks again, at what has come meanwhile.

    Beside a sweep nothing is done twice: whoever comes second finds the pump evaluated. Returns how many were
    evaluated; raises ``Unfinished`` where pumps had to be put off.
    """
    swept = Swept()
    with database.reading() as session:
        due = pumps_with_new_high_alarm(session, now, WRITE_AT_ONCE)
    if due:
        evaluations, put_off = evaluate_isolated(database, due, now)
        swept.add(write(database, evaluations, now), put_off)
    if swept.put_off:
        left = {one.serial: one.fault for one in swept.put_off}
        raise Unfinished(left, touched=swept.recorded, until=now + PUT_OFF_FOR)
    return swept.recorded
