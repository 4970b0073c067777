"""Forecasts of the battery: what each answer rests on, and how the limits bound it."""

from __future__ import annotations

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.battery import BatteryPoint, forecast_battery, hard_limit
from devices.battery_drain import battery_percent_per_day, days_to_eri
from devices.interval import Interval, Unknown
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE
from devices.report import Indicator
from tests.devices.batteries import (
    A_DAY,
    BATTERIES,
    IMPLANTED,
    START,
    SYNCHROMED,
    a_point,
    day,
    falling,
    forecast,
    unknown,
)


@pytest.mark.parametrize("factor", [0.9, 1.0, 1.2, 1.6])
def test_a_steady_fall_is_followed_to_the_day_it_ends(factor: float) -> None:
    ends = days_to_eri(SYNCHROMED, 0.5) / factor
    answer = forecast(falling(ends - 365, factor), ends - 365)
    assert abs((answer.eri.median - day(ends)) / timedelta(days=1)) < 20
    assert answer.eri.holds(day(ends))
    assert answer.eos == answer.eri.shifted(timedelta(days=90))
    assert answer.planning_window_opens == answer.eos.median - timedelta(days=183)


def test_a_pump_that_works_harder_ends_sooner() -> None:
    gentle, hard = falling(700, flow=0.1), falling(700, flow=0.9)
    assert forecast(hard, 700).eri.high < forecast(gentle, 700).eri.low


def test_the_interval_narrows_as_the_end_comes_near() -> None:
    ends = days_to_eri(SYNCHROMED, 0.5) / 1.2
    widths = []
    for ahead in (1_500, 1_000, 500, 200):
        interval = forecast(falling(ends - ahead, 1.2), ends - ahead).eri
        widths.append(interval.high - interval.low)
    assert all(earlier > later for earlier, later in pairwise(widths))


def test_no_forecast_goes_past_the_day_of_the_models_hard_limit() -> None:
    answer = forecast(falling(2_000, factor=0.7, flow=0.05), 2_000)
    limit = hard_limit(SYNCHROMED, IMPLANTED)
    assert limit == day(2_556)
    assert answer.hard_limit == limit
    assert answer.eos == Interval(day(2_556), day(2_556.5), day(2_557))
    assert answer.eri == answer.eos.shifted(timedelta(days=-90))
    assert any("stops at the latest on 2026-12-31" in sentence for sentence in answer.basis)


def test_without_percentages_the_kind_and_the_age_speak() -> None:
    answer = forecast([a_point(n * 30) for n in range(25)], 730)
    assert "No percentage was ever reported" in answer.basis[0]
    assert answer.eri.holds(day(days_to_eri(SYNCHROMED, 0.5)))
    assert answer.eri.high - answer.eri.low > timedelta(days=365)


def test_a_pump_that_outlived_most_of_its_kind_still_has_time_before_it() -> None:
    old = forecast([a_point(n * 30) for n in range(81)], 2_400)
    assert day(2_400) <= old.eri.low <= old.eri.median <= day(2_557 - 90)


def test_the_basis_says_what_was_read_and_what_is_assumed() -> None:
    basis = " ".join(forecast(falling(700), 700).basis)
    assert "From 101 battery percentages" in basis
    assert "From 0.3 mL a day the flow is taken to rise by 3% a year (assumed)." in basis
    assert "90 days after the indicator (source S1)" in basis
    assert "may end sooner" in basis
    assumed = " ".join(forecast([a_point(n * 30) for n in range(25)], 730, model=CATALOGUE["prometra-ii-20"]).basis)
    assert "90 days after the indicator (assumed)" in assumed


def test_an_old_report_is_said_to_be_old() -> None:
    assert "The last report is 100 days old." in forecast(falling(700), 800).basis
    assert not any("days old" in sentence for sentence in forecast(falling(700), 710).basis)


def test_what_came_after_now_or_before_the_implant_counts_for_nothing() -> None:
    before = BatteryPoint(START - timedelta(days=9), None, 3.0, Indicator.EOS, 9.0)
    later = a_point(900, 5.0, indicator=Indicator.ERI)
    assert forecast([later, before, *falling(700)], 710) == forecast(falling(700), 710)


def test_the_order_of_the_readings_does_not_matter() -> None:
    assert forecast(falling(700)[::-1], 700) == forecast(falling(700), 700)


def test_single_wild_values_hardly_move_the_forecast() -> None:
    sound = falling(1_400, every=1)
    wild = [
        BatteryPoint(r.at, None, 3.0, r.indicator, r.flow_ml_per_day) if n % 97 == 50 else r
        for n, r in enumerate(sound)
    ]
    moved = forecast(wild, 1_400).eri.median - forecast(sound, 1_400).eri.median
    assert abs(moved) < timedelta(days=15)


def test_one_wild_value_among_few_is_doubted_until_the_next_confirms_it() -> None:
    sound = falling(700)
    wild = a_point(704, 12.0)
    doubted = forecast([*sound, wild], 704).eri.median - forecast(sound, 704).eri.median
    assert abs(doubted) < timedelta(days=5)
    assert forecast([*sound, wild, a_point(711, 11.5)], 711).eri.median < day(760)


def test_a_battery_that_suddenly_drains_faster_is_believed() -> None:
    slow = falling(1_000)
    per_day = 4 * battery_percent_per_day(SYNCHROMED, 0.3)
    level = slow[-1].remaining_percent or 0.0
    fast = [a_point(1_000 + n * 7, level - per_day * n * 7) for n in range(1, 20)]
    answer = forecast(slow + fast, 1_133)
    left = (level - per_day * 133 - 10) / per_day
    assert abs((answer.eri.median - day(1_133 + left)) / timedelta(days=1)) < 30


def test_without_an_implant_date_the_percentages_suffice() -> None:
    answer = forecast(falling(1_400)[100:], 1_400, implanted_on=None)
    assert answer.hard_limit is None
    assert answer.eri.holds(day(days_to_eri(SYNCHROMED, 0.5)))


@pytest.mark.parametrize(
    ("readings", "implanted_on", "model", "words"),
    [
        ([a_point(5, 90.0)], IMPLANTED, CATALOGUE["codman-3000"], "has no battery"),
        ([], IMPLANTED, SYNCHROMED, "flow of this pump is not known"),
        ([a_point(5, 90.0, None)], IMPLANTED, SYNCHROMED, "flow of this pump is not known"),
        ([a_point(5)], None, SYNCHROMED, "Neither the implant date nor a percentage"),
    ],
)
def test_what_cannot_be_known_is_said_with_what_would_help(
    readings: list[BatteryPoint], implanted_on: date | None, model: PumpModel, words: str
) -> None:
    answer = unknown(readings, implanted_on=implanted_on, model=model)
    assert words in answer.reason
    assert answer.would_help.endswith(".")


def test_a_missing_implant_date_is_said_to_leave_the_limit_out() -> None:
    basis = " ".join(forecast(falling(700), 700, implanted_on=None).basis)
    assert "implant date is not recorded" in basis
    assert "7 years (source S1)" in basis


@pytest.mark.parametrize("model", BATTERIES, ids=lambda model: model.id)
def test_a_limit_is_called_the_models_only_where_a_source_gives_it(model: PumpModel) -> None:
    assert model.battery is not None
    basis = " ".join(forecast(falling(700), 700, model=model).basis)
    assert ("stops at the latest" in basis) == (not model.battery.service_life_max.assumed)
    assert ("years after the implant (assumed)" in basis) == model.battery.service_life_max.assumed


def test_a_charge_alone_is_not_cut_off_at_the_models_limit() -> None:
    answer = forecast(falling(2_000, factor=0.7, flow=0.05), 2_000)
    assert answer.by_charge is not None
    assert answer.by_charge.high > day(2_557) >= answer.eos.high
    assert answer.charge_at == day(1_995)


def test_without_a_percentage_nothing_is_known_by_charge() -> None:
    assert forecast([a_point(n * 30) for n in range(25)], 730).by_charge is None


def test_reports_of_one_moment_that_contradict_each_other_are_no_gain_of_charge() -> None:
    at_once = [a_point(700, percent) for percent in (20, 20, 60, 60)]
    assert forecast([*falling(600), *at_once], 700).doubt is None
    assert forecast([*falling(600), *at_once, a_point(701, 60)], 701).doubt is not None


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            a_point,
            st.floats(0, 2_500),
            st.none() | st.floats(0, 100),
            st.none() | st.floats(0, 24),
            st.none() | st.sampled_from(Indicator),
        ),
        max_size=30,
    ),
    st.floats(0, 2_600),
    st.sampled_from([IMPLANTED, None]),
)
def test_any_readings_give_an_ordered_interval_or_a_reason(
    readings: list[BatteryPoint], now: float, implanted_on: date | None
) -> None:
    answer = forecast_battery(SYNCHROMED, implanted_on, readings, day(now))
    if isinstance(answer, Unknown):
        assert answer.reason
    else:
        assert answer.basis
        assert answer.eri.low <= answer.eos.low
        assert answer.eri.high <= answer.eos.high
        assert answer.eri_at is not None or answer.hard_limit is None or answer.eos.high <= answer.hard_limit + A_DAY


def test_an_interval_out_of_order_is_refused() -> None:
    with pytest.raises(ValueError, match="in order"):
        Interval(day(2), day(1), day(3))


def test_a_model_without_battery_or_a_pump_without_implant_date_has_no_hard_limit() -> None:
    assert hard_limit(CATALOGUE["codman-3000"], IMPLANTED) is None
    assert hard_limit(SYNCHROMED, None) is None
