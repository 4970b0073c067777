"""What a message may not say of its pump's model."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from devices.check import EARLIEST, check_session, check_status, check_time
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE
from devices.report import SessionReservoir
from devices.wire import WireError
from tests.devices.messages import NOW, a_report, a_session

SYNCHROMED = CATALOGUE["synchromed-ii-20"]
CONSTANT_FLOW = CATALOGUE["codman-3000"]
FIRST = datetime.min.replace(tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)


def status_fault(model: PumpModel = SYNCHROMED, **given: Any) -> WireError:
    with pytest.raises(WireError) as caught:
        check_status(a_report(**given), model, NOW)
    return caught.value


def session_fault(**given: Any) -> WireError:
    with pytest.raises(WireError) as caught:
        check_session(a_session(**given), SYNCHROMED, NOW + timedelta(hours=1))
    return caught.value


def test_a_sound_report_and_a_sound_session_pass() -> None:
    check_status(a_report(), SYNCHROMED, NOW)
    check_session(a_session(), SYNCHROMED, NOW + timedelta(hours=1))


def test_a_clock_ten_minutes_ahead_passes_and_a_moment_more_does_not() -> None:
    check_status(a_report(measured_at=NOW + timedelta(minutes=10)), SYNCHROMED, NOW)
    fault = status_fault(measured_at=NOW + timedelta(minutes=10, microseconds=1))
    assert fault.field == "measured_at"
    assert "future" in fault.reason


def test_a_report_of_the_distant_past_passes() -> None:
    check_status(a_report(measured_at=NOW - timedelta(days=4_000)), SYNCHROMED, NOW)


def test_a_full_reservoir_passes_and_more_than_full_does_not() -> None:
    check_status(a_report(reservoir_ml=20.0), SYNCHROMED, NOW)
    fault = status_fault(reservoir_ml=20.01)
    assert str(fault) == "reservoir_ml is 20.01 mL, over the 20 mL that SynchroMed II 20 mL holds"


def test_an_empty_reservoir_passes_and_less_than_empty_does_not() -> None:
    check_status(a_report(reservoir_ml=0.0), SYNCHROMED, NOW)
    assert str(status_fault(reservoir_ml=-0.01)) == "reservoir_ml must not be negative"


def test_a_volume_that_is_no_number_does_not_pass() -> None:
    assert status_fault(reservoir_ml=float("nan")).field == "reservoir_ml"


@pytest.mark.parametrize("model", [model for model in CATALOGUE.values() if not model.has_battery], ids=lambda m: m.id)
def test_a_battery_on_a_model_without_one_is_refused_before_anything_else_of_it(model: PumpModel) -> None:
    assert status_fault(model, alarms=()).field == "battery"


def test_an_alarm_from_a_model_without_alarms_is_refused() -> None:
    fault = status_fault(CONSTANT_FLOW, battery=None)
    assert str(fault) == "alarms are reported, but Codman 3000 has none"


def test_a_constant_flow_pump_without_battery_and_alarms_passes() -> None:
    check_status(a_report(battery=None, alarms=()), CONSTANT_FLOW, NOW)


def test_a_model_with_a_battery_may_leave_it_out() -> None:
    check_status(a_report(battery=None), SYNCHROMED, NOW)


@pytest.mark.parametrize("field", ["measured_at", "started_at"])
@pytest.mark.parametrize("moment", [NOW + timedelta(hours=2), FIRST, EARLIEST - MICROSECOND])
def test_a_session_from_the_future_or_before_any_clock_is_refused(field: str, moment: datetime) -> None:
    assert session_fault(**{field: moment}).field == field


@pytest.mark.parametrize("moment", [FIRST, EARLIEST - MICROSECOND])
def test_a_report_from_before_any_clock_is_refused_and_its_year_is_said(moment: datetime) -> None:
    fault = status_fault(measured_at=moment)
    assert str(fault) == f"measured_at is {moment.date()}, before 1970; the clock that wrote it is wrong"


def test_the_moment_at_which_clocks_begin_passes() -> None:
    check_time("at", EARLIEST, NOW)


@pytest.mark.parametrize("field", ["expected_ml", "aspirated_ml", "filled_ml"])
@pytest.mark.parametrize("volume", [-0.1, 20.1])
def test_a_session_volume_that_the_pump_cannot_hold_is_refused(field: str, volume: float) -> None:
    fault = session_fault(reservoir=SessionReservoir(**{field: volume}))
    assert fault.field == f"reservoir.{field}"


def test_a_session_without_volumes_passes() -> None:
    check_session(a_session(reservoir=None, started_at=None), SYNCHROMED, NOW + timedelta(hours=1))
