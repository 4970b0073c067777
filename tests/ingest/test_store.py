"""A batch becomes rows in one transaction: everything once, the state only forward, nothing valid refused."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.ingest.conftest import NOW, Desk, sent, session, status
from tracker.records.alarm import Alarm
from tracker.records.programmer_session import ProgrammerSessionRecord
from tracker.records.pump import Pump
from tracker.records.visit import Visit


def test_a_report_is_stored_whole(desk: Desk) -> None:
    done = desk.reports(status(1, alarms=["motor_stall", "low_reservoir"]))
    (reading,) = desk.readings()
    assert (reading.seq, reading.reservoir_ml, reading.alarms) == (1, 12.44, "low_reservoir,motor_stall")
    assert (reading.battery_voltage_v, reading.battery_percent, reading.battery_indicator) == (2.81, 61.5, "ok")
    assert (reading.measured_at, reading.received_at) == (NOW - timedelta(hours=999), NOW)
    assert (done.readings, done.duplicates, done.rejected) == (1, 0, 0)
    assert desk.mark() == (1, [])


def test_what_a_report_leaves_out_stays_unknown(desk: Desk) -> None:
    desk.reports(status(1, battery=None, flow_ml_per_day=None, firmware=None))
    (reading,) = desk.readings()
    assert (reading.battery_voltage_v, reading.flow_ml_per_day, reading.firmware) == (None, None, None)


@pytest.mark.parametrize("firmware", ["1\\.04\\N", "ünï\\t"])
def test_a_firmware_of_odd_letters_comes_back_as_it_was(desk: Desk, firmware: str) -> None:
    desk.reports(status(1, firmware=firmware))
    assert desk.readings()[0].firmware == firmware


def test_everything_three_times_in_random_order_is_stored_once(desk: Desk) -> None:
    numbers = [*range(1, 301)] * 3
    random.Random(7).shuffle(numbers)
    for start in range(0, len(numbers), 90):
        desk.reports(*(status(seq) for seq in numbers[start : start + 90]))
    assert [reading.seq for reading in desk.readings()] == [*range(1, 301)]
    assert desk.mark() == (300, [])
    state = desk.state()
    assert (state.received, state.duplicates, state.rejected) == (300, 600, 0)
    assert state.seq == 300


def test_a_late_older_report_never_overwrites_a_newer_state(desk: Desk) -> None:
    desk.reports(status(3, reservoir_ml=3.0))
    desk.reports(status(2, reservoir_ml=9.0), now=NOW + timedelta(minutes=1))
    state = desk.state()
    assert (state.reservoir_ml, state.seq, state.received) == (3.0, 3, 2)
    assert state.last_contact_at == NOW + timedelta(minutes=1)


def test_of_reports_measured_at_once_the_one_numbered_last_shows(desk: Desk) -> None:
    at = NOW.isoformat()
    desk.reports(status(2, measured_at=at, reservoir_ml=2.0), status(1, measured_at=at, reservoir_ml=1.0))
    assert desk.state().reservoir_ml == 2.0
    desk.reports(status(1, epoch=2, measured_at=at, reservoir_ml=5.0))
    assert desk.state().reservoir_ml == 5.0


def test_a_late_older_reports_alarm_is_not_lost(desk: Desk) -> None:
    desk.reports(status(3))
    desk.reports(status(2, alarms=["motor_stall"]))
    (alarm,) = desk.all_of(Alarm)
    assert (alarm.code, alarm.first_seen_at) == ("motor_stall", NOW - timedelta(hours=998))
    assert desk.state().alarms == ""
    assert desk.state().evaluate_at == NOW


def test_an_alarm_opens_and_clears_within_one_batch(desk: Desk) -> None:
    desk.reports(status(3), status(2, alarms=["low_reservoir"]), status(1))
    (alarm,) = desk.all_of(Alarm)
    assert (alarm.count, alarm.cleared_at) == (1, NOW - timedelta(hours=997))


def test_a_new_epoch_begins_beside_the_old_one(desk: Desk) -> None:
    desk.reports(status(1), status(2))
    desk.reports(status(1, epoch=2, measured_at=NOW.isoformat()))
    assert [(each.epoch, each.seq) for each in desk.readings()] == [(1, 1), (1, 2), (2, 1)]
    assert (desk.mark(1), desk.mark(2)) == ((2, []), (1, []))
    assert desk.state().epoch == 2


def test_a_number_used_again_for_other_content_is_refused_with_both_shown(desk: Desk) -> None:
    desk.reports(status(1, reservoir_ml=12.25))
    desk.reports(status(1, reservoir_ml=7.5))
    (reading,) = desk.readings()
    (refused,) = desk.rejected()
    assert reading.reservoir_ml == 12.25
    assert refused.field == "seq"
    assert "12.25" in refused.reason
    assert "7.5" in refused.reason
    assert (desk.state().received, desk.state().rejected, desk.state().duplicates) == (2, 1, 0)


def test_a_refused_message_that_comes_again_is_a_duplicate(desk: Desk) -> None:
    for _ in range(3):
        desk.reports(status(1), status(1, reservoir_ml=7.5), status(2, motor="flying"))
    assert len(desk.rejected()) == 2
    assert (desk.state().received, desk.state().rejected, desk.state().duplicates) == (3, 2, 6)
    assert desk.mark() == (2, [])


def test_a_report_and_a_session_of_one_number_contradict_each_other(desk: Desk) -> None:
    desk.reports(status(1))
    desk.write(sent(session(1), kind="session"))
    assert [each.field for each in desk.rejected()] == ["seq"]
    assert desk.all_of(ProgrammerSessionRecord) == []


def test_a_message_refused_under_a_number_does_not_bar_a_good_one(desk: Desk) -> None:
    desk.reports(status(1, reservoir_ml="full"))
    assert desk.mark() == (1, [])
    desk.reports(status(1))
    assert [each.seq for each in desk.readings()] == [1]


def test_a_session_is_stored_and_drafted_once(desk: Desk) -> None:
    said = session(
        1,
        refilled=True,
        reservoir={"expected_ml": 2.6, "aspirated_ml": 2.9, "filled_ml": 20.0},
        prescription={
            "after": {"drug": "baclofen", "concentration": "2000", "unit": "mcg/mL", "dose_per_day": "330.5"}
        },
    )
    for _ in range(2):
        desk.write(sent(said, kind="session"))
    (record,) = desk.all_of(ProgrammerSessionRecord)
    assert (record.filled_ml, record.completed, record.prescription_after["dose_per_day"]) == (20.0, None, "330.5")
    (visit,) = desk.all_of(Visit)
    assert visit.status == "draft"
    assert (desk.state().received, desk.state().duplicates) == (1, 1)
    assert desk.state().evaluate_at == NOW


def test_gaps_are_known_and_close(desk: Desk) -> None:
    desk.reports(status(1), status(4), status(5), status(9))
    assert desk.mark() == (1, [[4, 5], [9, 9]])
    desk.reports(status(2), status(3))
    assert desk.mark() == (5, [[9, 9]])


def test_the_same_quiet_report_again_and_again_asks_for_no_evaluation(desk: Desk) -> None:
    desk.reports(status(1))
    first = desk.state().evaluate_at
    desk.reports(status(2, reservoir_ml=12.1), now=NOW + timedelta(hours=1))
    assert (desk.state().evaluate_at, first) == (NOW, NOW)
    desk.reports(status(3, infusion="stopped"), now=NOW + timedelta(hours=2))
    assert desk.state().evaluate_at == NOW + timedelta(hours=2)


def test_the_first_report_after_a_prescription_is_looked_at_though_it_changes_nothing(desk: Desk) -> None:
    desk.reports(status(1000))
    with desk.database.writing() as opened:
        opened.get_one(Pump, desk.ids["PUMP-1"]).prescribed_at = NOW + timedelta(minutes=30)
    at = [NOW + timedelta(hours=hours) for hours in (1, 2)]
    desk.reports(status(1001, measured_at=at[0].isoformat()), now=at[0])
    assert desk.state().evaluate_at == at[0]
    desk.reports(status(1002, measured_at=at[1].isoformat()), now=at[1])
    assert desk.state().evaluate_at == at[0], "the second one tells nothing new"


def test_a_row_that_the_database_refuses_is_found_and_the_rest_is_stored(desk: Desk) -> None:
    poison(desk)
    done = desk.reports(*(status(seq, reservoir_ml=13.37 if seq == 617 else 12.0) for seq in range(1, 1001)))
    assert (done.readings, done.rejected) == (999, 1)
    assert len(desk.readings()) == 999
    (refused,) = desk.rejected()
    assert (refused.field, refused.serial) == ("payload", "PUMP-1")
    assert b"13.37" in refused.payload
    assert desk.mark() == (1000, [])


def poison(desk: Desk) -> None:
    """Make the database refuse a reading of 13.37 mL."""
    with desk.database.writing() as opened:
        if desk.database.is_sqlite:
            refuse = (
                "CREATE TRIGGER poison BEFORE INSERT ON reading WHEN NEW.reservoir_ml = 13.37 "
                "BEGIN SELECT RAISE(ABORT, 'poisoned'); END"
            )
        else:
            refuse = "ALTER TABLE reading ADD CONSTRAINT poison CHECK (reservoir_ml <> 13.37)"
        opened.connection().execute(text(refuse))


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"model": "synchromed-iii-40"}, "model"),
        ({"measured_at": "2026-11-22T10:11:00Z"}, "measured_at"),
        ({"measured_at": "2026-11-22T10:00:00"}, "measured_at"),
        ({"measured_at": "0001-01-01T00:00:00Z"}, "measured_at"),
        ({"measured_at": "1969-12-31T23:59:59Z"}, "measured_at"),
        ({"reservoir_ml": -0.1}, "reservoir_ml"),
        ({"reservoir_ml": 20.1}, "reservoir_ml"),
        ({"alarms": ["fire"]}, "alarms"),
        ({"seq": 0}, "seq"),
        ({"v": 2}, "v"),
    ],
)
def test_what_breaks_the_contract_is_kept_and_its_field_named(desk: Desk, given: dict[str, Any], field: str) -> None:
    desk.reports(status(1) | given)
    (refused,) = desk.rejected()
    assert refused.field.startswith(field)
    assert field in refused.reason
    assert refused.topic == "pumps/PUMP-1/telemetry"
    assert desk.readings() == []
