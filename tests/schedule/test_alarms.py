"""The alarms job, and the list of jobs."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path

from tests.actions.build import NURSE, a_pump, a_report
from tracker.actions.alarms.snooze_alarm import snooze_alarm
from tracker.records.alarm import Alarm
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import PumpState
from tracker.schedule.alarms import tend_alarms
from tracker.schedule.jobs import JOBS
from tracker.settings import Settings

DAY = timedelta(days=1)


def test_the_job_wakes_what_was_snoozed_and_escalates_what_nobody_answers(database: Database, now: datetime) -> None:
    with database.writing() as session:
        snoozed, waiting = (a_pump(session, now, serial=f"SN-{number}") for number in range(2))
        for pump in (snoozed, waiting):
            a_report(session, pump, now, 1, alarms=("low_reservoir",))
        snooze_alarm(session, 1, until=now + DAY, reason="refill booked", by=NURSE, now=now)
    assert tend_alarms(database, now + DAY / 2) == 0
    assert tend_alarms(database, now + DAY) == 1
    assert tend_alarms(database, now + 2 * DAY) == 2, "one that was snoozed has had as long to be answered"
    assert tend_alarms(database, now + 3 * DAY) == 0
    with database.reading() as session:
        assert [session.get_one(Alarm, number).priority for number in (1, 2)] == [3, 3]
        assert session.get_one(PumpState, key(waiting.id)).evaluate_at == now + 2 * DAY


def test_every_job_says_what_it_is_for_and_runs_on_an_empty_database(
    sqlite_database: Database, tmp_path: Path, now: datetime
) -> None:
    settings = Settings(data_dir=tmp_path)
    assert len({job.name for job in JOBS}) == len(JOBS)
    for job in JOBS:
        assert job.purpose.endswith(".")
        assert job.run(sqlite_database, settings, now) == 0
