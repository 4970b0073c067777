"""Answers about a past day: the version in force then, what had been received by then, and what is no longer kept."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.actions.build import a_history, a_pump, a_report
from tracker.actions.replacement.determine import determine
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.determination import Determination
from tracker.records.pump import Pump
from tracker.schedule.reading_retention import drop_old

DAY = timedelta(days=1)


def fact(row: Determination, name: str) -> Any:
    return next(one for one in row.facts if one["name"] == name)


def test_readings_that_retention_deleted_answer_nothing_with_no(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now - 400 * DAY, implanted_on=(now - 400 * DAY).date())
        a_history(session, pump, now, 300)
        determine(session, pump, cause="staff", now=now)
        pump_id = key(pump.id)
        before = determine(session, pump, cause="staff", now=now, as_of=now - 200 * DAY)
        assert fact(before, "impending_failure_notice")["value"] is False
    assert drop_old(sqlite_database, 3, now) > 0
    with sqlite_database.writing() as session:
        pump = session.get_one(Pump, pump_id)
        gone = determine(session, pump, cause="staff", now=now, as_of=now - 200 * DAY)
        for name in ("battery_nearing_end", "impending_failure_notice"):
            assert fact(gone, name)["value"] is None
            assert "not kept" in fact(gone, name)["because"]
        earlier = determine(session, pump, cause="staff", now=now, as_of=now - 350 * DAY)
        assert "never reported" in fact(earlier, "impending_failure_notice")["because"], "nothing was there to keep"
        kept = determine(session, pump, cause="staff", now=now, as_of=now - DAY)
        assert fact(kept, "impending_failure_notice")["value"] is False


@pytest.mark.parametrize("code", ["low_battery_reset", "critical_memory_error", "elective_replacement"])
def test_a_notice_that_passed_stays_true_with_its_alarm(sqlite_database: Database, now: datetime, code: str) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now - 400 * DAY, implanted_on=(now - 400 * DAY).date())
        a_history(session, pump, now - 10 * DAY, 5)
        a_report(session, pump, now - 9 * DAY, 6, alarms=(code,))
        for day in range(9):
            a_report(session, pump, now - (8 - day) * DAY, 7 + day)
        told = fact(determine(session, pump, cause="staff", now=now), "impending_failure_notice")
        assert (told["value"], told["source"]["kind"]) == (True, "alarm")
        before = determine(session, pump, cause="staff", now=now, as_of=now - 9.5 * DAY)
        assert fact(before, "impending_failure_notice")["value"] is False, "it was not given yet"


def test_an_indicator_alarm_without_the_indicator_dates_the_end_of_service(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now - 400 * DAY, implanted_on=(now - 400 * DAY).date())
        a_history(session, pump, now - 10 * DAY, 5)
        a_report(session, pump, now - 9 * DAY, 6, alarms=("elective_replacement",))
        a_report(session, pump, now - DAY, 7)
        told = fact(determine(session, pump, cause="staff", now=now), "battery_nearing_end")
        assert told["value"] is True
        assert "contradicts" in told["because"]


def test_a_day_before_the_first_version_is_answered_by_none(sqlite_database: Database) -> None:
    then = datetime(2019, 7, 1, tzinfo=UTC)
    now = datetime(2019, 9, 1, tzinfo=UTC)
    with sqlite_database.writing() as session:
        pump = a_pump(session, then - 90 * DAY)
        a_history(session, pump, now, 80)
        past = determine(session, pump, cause="staff", now=now, as_of=then)
        assert (past.version, past.outcome) == ("none", "needs_information")
        assert {one["verdict"] for one in past.criteria} == {"unknown"}
        assert "2019-08-01" in past.notes[0]
        assert determine(session, pump, cause="staff", now=now).version == "2.0.2019"
