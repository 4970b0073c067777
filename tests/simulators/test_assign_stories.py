"""The stories of a living clinic: each comes up within five minutes, on a pump of its own, and only once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from devices.alarm_code import AlarmCode
from devices.report import StatusReport
from simulators.assign_stories import cast
from simulators.clinic import Clinic, open_clinic
from simulators.effects import run
from simulators.pump_life import Dice
from simulators.status_messages import Event, Fact, Garbage, Said

OPENED = datetime(2024, 1, 1, tzinfo=UTC)
NOW = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture
def clinic() -> Clinic:
    opened = open_clinic(1, 24, OPENED, NOW)
    for _ in opened.history(NOW, reports=False):
        pass
    return opened


def five_minutes(clinic: Clinic, serial: str) -> list[Event]:
    course = next(patient.course for patient in clinic.patients if patient.course.serial == serial)
    dice = Dice(serial)
    events: list[Event] = []
    for second in range(5, 301, 5):
        events.extend(run(course, NOW + timedelta(seconds=second), dice))
        events.extend(course.say_status(dice))
    return events


def alarms(events: list[Event]) -> set[AlarmCode]:
    reports = [event.message for event in events if isinstance(event, Said) and isinstance(event.message, StatusReport)]
    return {alarm for report in reports for alarm in report.alarms}


def test_each_story_comes_up_within_five_minutes(clinic: Clinic) -> None:
    told = {name: five_minutes(clinic, serial) for name, serial in list(cast(clinic, frozenset()))}
    assert set(told) == {
        "reservoir_runs_low",
        "battery_reaches_eri",
        "motor_stalls",
        "goes_silent",
        "sends_garbage",
        "unknown_programmer",
    }
    assert alarms(told["reservoir_runs_low"]) == {AlarmCode.LOW_RESERVOIR}
    assert alarms(told["battery_reaches_eri"]) == {AlarmCode.ELECTIVE_REPLACEMENT}
    assert alarms(told["motor_stalls"]) == {AlarmCode.MOTOR_STALL}
    assert any(isinstance(event, Fact) and event.what == "silent" for event in told["goes_silent"])
    assert any(isinstance(event, Garbage) for event in told["sends_garbage"])
    assert any(isinstance(event, Fact) and event.what == "strange_programmer" for event in told["unknown_programmer"])


def test_each_story_has_a_pump_of_its_own_and_is_told_once(clinic: Clinic) -> None:
    parts = dict(cast(clinic, frozenset()))
    assert len(set(parts.values())) == len(parts)
    assert list(cast(clinic, frozenset(parts))) == []


def test_no_volume_vanishes_on_the_way_to_a_low_reservoir(clinic: Clinic) -> None:
    parts = dict(cast(clinic, frozenset()))
    truths = [event.true_ml for event in five_minutes(clinic, parts["reservoir_runs_low"]) if isinstance(event, Said)]
    assert max(truths) - min(truths) < 0.05
