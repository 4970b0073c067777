"""A volume that falls far from what the flow explains: told after days, never for one report."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.report import Infusion
from devices.reservoir_points import ReservoirPoint
from devices.volume_course import course_off

START = datetime(2026, 3, 2, 8, tzinfo=UTC)


def falling(per_day: float, days: int = 14, *, told: float | None = None, step: float = 0.0) -> list[ReservoirPoint]:
    volumes = (38.0 - per_day * day for day in range(days + 1))
    rounded = [round(volume / step) * step if step else volume for volume in volumes]
    return [ReservoirPoint(START + timedelta(days=day), volume, told) for day, volume in enumerate(rounded)]


@pytest.mark.parametrize("told", [None, 0.3])
@pytest.mark.parametrize("times", [0.0, 0.33, 0.5, 2.0, 4.0])
def test_a_fall_that_the_flow_does_not_explain_is_told_with_how_far_it_is_off(times: float, told: float | None) -> None:
    off = course_off(falling(0.3 * times, told=told), 0.3)
    assert off is not None
    assert off.ratio == pytest.approx(times, abs=0.01)
    assert off.per_day == pytest.approx(0.3 * times)


@given(st.floats(0.75, 1.4), st.sampled_from([0.0, 0.1, 0.5, 1.0]), st.floats(0.1, 1.0))
def test_what_a_pump_within_its_accuracy_does_is_no_fault_however_coarsely_it_reports(
    times: float, step: float, flow: float
) -> None:
    assert course_off(falling(flow * times, step=step), flow) is None


@given(st.integers(0, 14), st.floats(0.0, 37.0))
def test_one_odd_volume_is_no_course(place: int, volume: float) -> None:
    points = falling(0.3)
    points[place] = ReservoirPoint(points[place].at, volume, None)
    assert course_off(points, 0.3) is None


def test_boluses_that_are_allotted_explain_a_faster_fall_and_excuse_no_slower_one() -> None:
    assert course_off(falling(0.6), 0.3, 0.3) is None
    assert course_off(falling(0.15), 0.3, 0.3) is not None


def test_nothing_is_told_of_a_pump_that_stands_still_was_just_filled_is_empty_or_whose_flow_nobody_knows() -> None:
    still = [ReservoirPoint(one.at, one.reservoir_ml, None, Infusion.STOPPED) for one in falling(0.0)]
    assert course_off(still, 0.3) is None
    filled = [*falling(0.3, 3), ReservoirPoint(START + timedelta(days=4), 39.0, None)]
    assert course_off(filled, 0.3) is None
    empty = [ReservoirPoint(one.at, 0.0, None) for one in falling(0.0)]
    assert course_off(empty, 0.3) is None
    assert course_off(falling(1.2), None) is None
    assert course_off([], 0.3) is None


def test_two_days_of_four_reports_are_the_least_that_proves_anything() -> None:
    assert course_off(falling(1.2, 2), 0.3) is None
    assert course_off(falling(1.2, 3), 0.3) is not None


def test_a_flow_that_changes_by_the_hour_is_held_against_the_prescription() -> None:
    flex = [ReservoirPoint(one.at, one.reservoir_ml, 0.05, Infusion.FLEX) for one in falling(0.3)]
    assert course_off(flex, 0.3) is None


def test_losses_that_come_at_once_are_no_course_even_two_of_them() -> None:
    points = falling(0.3)
    for lost_from in (5, 11):
        points[lost_from:] = [ReservoirPoint(one.at, one.reservoir_ml - 4.0, None) for one in points[lost_from:]]
    assert course_off(points, 0.3) is None
