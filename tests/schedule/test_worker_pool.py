"""Ingest, nurses and jobs at the same pumps at the same time: nobody waits for ever, and nothing is undone."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from datetime import datetime, timedelta

from sqlmodel import col, select

from tests.actions.build import NURSE, a_pump, a_report
from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.errors import Conflict
from tracker.records.alarm import Alarm
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import hold_states
from tracker.schedule.alarms import tend_alarms
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.silence import note_silence

MINUTE = timedelta(minutes=1)
SEEN = ((), ("motor_stall",), ("low_reservoir", "motor_stall"))


def test_ingest_nurses_and_jobs_work_at_the_same_pumps_without_getting_stuck(database: Database, now: datetime) -> None:
    dice = random.Random(7)
    with database.writing() as session:
        pumps = [a_pump(session, now, serial=f"SN-{number}") for number in range(12)]
        for pump in pumps:
            a_report(session, pump, now, 1, alarms=("motor_stall",))
    faults: list[Exception] = []

    def ingest(turn: int) -> None:
        with database.writing() as session:
            some = sorted(dice.sample(pumps, 6), key=lambda pump: key(pump.id))
            hold_states(session, [key(pump.id) for pump in some])
            for pump in some:
                a_report(session, pump, now + turn * MINUTE, turn + 2, alarms=dice.choice(SEEN))

    def nurse(turn: int) -> None:
        with database.writing() as session:
            waiting = select(Alarm.id).where(col(Alarm.closed_at).is_(None), col(Alarm.acknowledged_at).is_(None))
            found = session.exec(waiting).all()
            if found:
                acknowledge_alarm(session, key(found[turn % len(found)]), by=NURSE, now=now + turn * MINUTE)

    def jobs(turn: int) -> None:
        at = now + turn * 60 * MINUTE
        tend_alarms(database, at)
        note_silence(database, at)
        evaluate_due_pumps(database, at)

    def repeat(action: Callable[[int], None], times: int) -> threading.Thread:
        def run() -> None:
            for turn in range(times):
                try:
                    action(turn)
                except Conflict:
                    continue  # somebody else was first, and is named
                except Exception as fault:  # noqa: BLE001 - whatever it is, the test tells of it
                    faults.append(fault)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    for thread in [repeat(ingest, 20), repeat(nurse, 20), repeat(nurse, 20), repeat(jobs, 8)]:
        thread.join()
    assert faults == []
    with database.reading() as session:
        open_ = [
            (alarm.pump_id, alarm.code) for alarm in session.exec(select(Alarm).where(col(Alarm.closed_at).is_(None)))
        ]
        assert len(open_) == len(set(open_))
