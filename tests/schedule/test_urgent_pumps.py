"""A new alarm of high priority is evaluated at once, whatever else the scheduler has to do."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta
from pathlib import Path

from sqlmodel import select

from tests.actions.build import a_pump, a_report
from tests.servers import wait_until
from tracker.records.database import Database
from tracker.records.pump import due_pumps
from tracker.records.queries.new_high_alarms import pumps_with_new_high_alarm
from tracker.records.worklist import WorklistItem
from tracker.schedule.evaluate_urgent_pumps import evaluate_urgent_pumps
from tracker.schedule.job import Job
from tracker.schedule.run import run
from tracker.settings import Settings


def _due(database: Database, now: datetime) -> int:
    with database.reading() as session:
        return len(due_pumps(session, now, 100))


def test_a_stall_is_a_task_before_the_pumps_that_have_waited_for_longer(database: Database, now: datetime) -> None:
    with database.writing() as session:
        for number in range(5):
            a_report(session, a_pump(session, now, serial=f"SN-{number}"), now, 1, alarms=("low_reservoir",))
        stalled = a_pump(session, now, serial="STALL-1")
        a_report(session, stalled, now + timedelta(minutes=1), 1, alarms=("motor_stall",))
    later = now + timedelta(minutes=2)
    waiting = _due(database, later)
    assert evaluate_urgent_pumps(database, later) == 1
    with database.reading() as session:
        assert {item.pump_id for item in session.exec(select(WorklistItem).where(WorklistItem.priority == 3))} == {
            stalled.id
        }
    assert _due(database, later) == waiting - 1


def test_units_take_turns_so_that_a_broken_gateway_of_one_keeps_no_other_waiting(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        for number in range(6):
            a_report(session, a_pump(session, now, serial=f"GATE-{number}", unit="A"), now, 1, alarms=("motor_stall",))
        later = now + timedelta(minutes=1)
        near = a_pump(session, now, serial="NEAR-1", unit="B")
        far = a_pump(session, now, serial="FAR-1", clinic="South")
        for pump in (near, far):
            a_report(session, pump, later, 1, alarms=("motor_stall",))
    with database.reading() as session:
        first = pumps_with_new_high_alarm(session, later + timedelta(minutes=1), 3)
    assert {pump_id for pump_id, _ in first} >= {near.id, far.id}


def test_an_alarm_that_was_evaluated_is_left_to_the_usual_turn(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now, serial="STALL-1")
        a_report(session, pump, now, 1, alarms=("motor_stall",))
    assert evaluate_urgent_pumps(database, now + timedelta(minutes=1)) == 1
    with database.writing() as session:
        a_report(session, pump, now + timedelta(minutes=2), 2, alarms=("motor_stall",))
    assert evaluate_urgent_pumps(database, now + timedelta(minutes=3)) == 0
    assert _due(database, now + timedelta(minutes=3)) == 1


def test_a_job_that_waits_for_none_runs_while_all_others_are_held_up(sqlite_database: Database, tmp_path: Path) -> None:
    stop, ran = threading.Event(), threading.Event()

    def long(_database: Database, _settings: Settings, _now: datetime) -> int:
        return int(ran.wait(60))

    def short(_database: Database, _settings: Settings, _now: datetime) -> int:
        ran.set()
        return 0

    jobs = (*(Job(f"long {number}", "to last.", 1, long) for number in range(3)), Job("urgent", ".", 2, short, True))
    url = sqlite_database.url.render_as_string(hide_password=False)
    settings = Settings(data_dir=tmp_path, database_url=url)
    thread = threading.Thread(target=run, args=(settings, stop, jobs))
    thread.start()
    try:
        wait_until(ran.is_set, 20, "the job that waits for none")
    finally:
        ran.set()
        stop.set()
        thread.join(20)
