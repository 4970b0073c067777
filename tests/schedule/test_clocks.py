"""A clock that lies: what it tells is on now, it is dated by nothing, and it has its own task until it is right."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import permutations

import pytest
from sqlmodel import col, select

from tests.actions.build import a_pump
from tests.schedule.test_measured import contact, message, work, write
from tracker.actions.pumps.load_as_of import load_as_of
from tracker.records.alarm import Alarm
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.finding import FindingRecord
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump, PumpState
from tracker.records.reading import Reading
from tracker.records.visit import Visit

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
LOST = [datetime(1970, 1, 1, 0, 2, tzinfo=UTC), datetime(2000, 1, 1, tzinfo=UTC), datetime(2025, 11, 21, tzinfo=UTC)]


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("epoch", [1, 2])
@pytest.mark.parametrize("code", ["low_reservoir", "low_battery_reset", "motor_stall"])
def test_an_alarm_told_with_a_lost_clock_is_on_now(
    database: Database, now: datetime, lost: datetime, epoch: int, code: str
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now - 400 * DAY, implanted_on=(now - 900 * DAY).date())
    write(database, now - 4 * HOUR, message(1, now - 4 * HOUR))
    write(database, now - 2 * HOUR, message(2, now - 2 * HOUR))
    for half in range(3):
        at = now + half * HOUR / 2
        write(database, at, message(3 + half, lost + half * HOUR / 2, epoch=epoch, alarms=[code], reservoir_ml=1.9))
    work(database, now + HOUR)
    with database.reading() as session:
        alarm = session.exec(select(Alarm)).one()
        assert (alarm.code, alarm.cleared_at, alarm.first_seen_at, alarm.last_seen_at) == (code, None, now, now + HOUR)
        (item,) = contact(session)
        assert (item.kind, "clock" in item.what, item.since) == ("clock", True, now)
        assert session.exec(select(FindingRecord)).all() == []
        state = session.get_one(PumpState, pump.id)
        assert (state.reservoir_ml, state.measured_at, state.clock_at) == (1.9, now + HOUR, lost + HOUR)
        points = session.get_one(Outlook, pump.id).reservoir_points
        assert len(points) == 2, "no forecast is made from a time that is wrong"
        marked = session.exec(select(Reading).where(col(Reading.clock_wrong))).all()
        assert sorted(one.seq for one in marked) == [3, 4, 5]
        seen = load_as_of(session, session.get_one(Pump, pump.id), now + HOUR).state
        assert seen is not None
        assert (seen.reservoir_ml, seen.measured_at, seen.clock_at) == (1.9, now + HOUR, lost + HOUR)
    write(database, now + DAY, message(6, now + DAY, epoch=epoch))
    work(database, now + DAY)
    with database.reading() as session:
        assert contact(session) == []
        assert session.get_one(PumpState, pump.id).clock_at is None
        assert session.exec(select(Alarm)).one().cleared_at == now + DAY


def test_a_first_report_of_before_the_implant_has_a_wrong_clock_and_its_alarm_is_on(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        a_pump(session, now - DAY, implanted_on=(now - DAY).date())
    write(database, now, message(1, LOST[0], alarms=["motor_stall"]))
    work(database, now)
    with database.reading() as session:
        assert [item.kind for item in contact(session)] == ["clock"]
        alarm = session.exec(select(Alarm)).one()
        assert (alarm.cleared_at, alarm.first_seen_at) == (None, now)


def test_a_backlog_after_weeks_offline_is_history_and_no_fault(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now - 60 * DAY, implanted_on=(now - 900 * DAY).date())
    write(database, now - 30 * DAY, message(1, now - 30 * DAY))
    for day in range(29, 0, -1):
        write(database, now, message(31 - day, now - day * DAY, alarms=["low_reservoir"] if day == 20 else []))
    write(database, now, message(31, now))
    work(database, now)
    with database.reading() as session:
        assert contact(session) == []
        alarm = session.exec(select(Alarm)).one()
        assert (alarm.first_seen_at, alarm.cleared_at) == (now - 20 * DAY, now - 19 * DAY)
        assert session.get_one(PumpState, pump.id).measured_at == now


def test_a_session_with_a_lost_clock_is_drafted_at_its_arrival_and_says_so(database: Database, now: datetime) -> None:
    with database.writing() as session:
        a_pump(session, now - 60 * DAY, implanted_on=(now - 900 * DAY).date())
    write(database, now - HOUR, message(1, now - HOUR))
    told = {
        "v": 1,
        "model": "synchromed-ii-20",
        "epoch": 1,
        "seq": 2,
        "measured_at": "1970-01-01T00:20:00Z",
        "started_at": "1970-01-01T00:05:00Z",
        "refilled": True,
        "reservoir": {"expected_ml": 2.6, "aspirated_ml": 2.9, "filled_ml": 20.0},
    }
    write(database, now, told, "session")
    with database.reading() as session:
        visit = session.exec(select(Visit)).one()
        assert visit.performed_at == now
        assert "clock" in visit.note


ORDERS = list(permutations(range(4)))[::3]


@pytest.mark.parametrize("order", ORDERS, ids=lambda order: "".join(map(str, order)))
def test_whatever_order_epochs_come_in_state_alarms_and_what_forecasts_rest_on_are_the_same(
    database: Database, now: datetime, order: tuple[int, ...]
) -> None:
    said = [
        message(8, now - 4 * DAY, reservoir_ml=15.0, alarms=["low_reservoir"]),
        message(9, now - 3 * DAY, reservoir_ml=14.5),
        message(1, now - 2 * DAY, epoch=2, reservoir_ml=14.0, alarms=["motor_stall"]),
        message(2, now - DAY, epoch=2, reservoir_ml=13.5, alarms=["low_reservoir"]),
    ]
    with database.writing() as session:
        pump = a_pump(session, now - 60 * DAY, implanted_on=(now - 900 * DAY).date())
    for minute, place in enumerate(order):
        at = now + timedelta(minutes=minute)
        write(database, at, said[place])
        work(database, at)
    work(database, now + DAY + HOUR)
    with database.reading() as session:
        state = session.get_one(PumpState, pump.id)
        assert (state.epoch, state.seq, state.measured_at, state.alarms) == (2, 2, now - DAY, "low_reservoir")
        alarms = session.exec(select(Alarm).where(col(Alarm.closed_at).is_(None))).all()
        assert {(one.code, one.cleared_at is None) for one in alarms} == {
            ("low_reservoir", True),
            ("motor_stall", False),
        }
        outlook = session.get_one(Outlook, key(pump.id))
        assert [point[1] for point in outlook.reservoir_points] == [15.0, 14.5, 14.0, 13.5]
        assert contact(session) == []
