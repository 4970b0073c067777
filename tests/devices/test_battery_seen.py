"""Batteries whose pump reported the end, or reported what can't be: an indicator that goes back, a gain of charge."""

from __future__ import annotations

from datetime import timedelta

import pytest

from devices.interval import Interval
from devices.model import PumpModel
from devices.report import Indicator
from tests.devices.batteries import BATTERIES, a_point, day, falling, forecast


def test_the_reported_indicator_dates_itself_between_two_reports() -> None:
    answer = forecast([*falling(700), a_point(710, 9.0, indicator=Indicator.ERI)], 720)
    assert answer.eri_at is not None
    assert answer.eos_at is None
    assert answer.eri == Interval(day(700), day(705), day(710))
    assert answer.eos == Interval(day(790), day(795), day(800))


def test_a_pump_that_runs_on_past_the_90_days_is_due_since_their_end() -> None:
    late = [*falling(700), a_point(710, 9.0, indicator=Indicator.ERI), a_point(850, 3.0, indicator=Indicator.ERI)]
    answer = forecast(late, 860)
    assert answer.eos == Interval(day(800), day(800), day(800))
    assert any("still ran on" in sentence and "may stop at any moment" in sentence for sentence in answer.basis)


def test_the_reported_end_of_service_dates_itself() -> None:
    ended = [*falling(700), a_point(710, 9.0, indicator=Indicator.ERI), a_point(760, 2.0, indicator=Indicator.EOS)]
    answer = forecast(ended, 770)
    assert answer.eos_at is not None
    assert answer.eos == Interval(day(710), day(735), day(760))


def test_an_end_of_service_without_an_indicator_before_dates_both_together() -> None:
    answer = forecast([*falling(700), a_point(707, None, indicator=Indicator.EOS)], 720)
    assert (answer.eri, answer.eos) == (Interval(day(700), day(703.5), day(707)),) * 2


def test_an_indicator_that_was_on_from_the_first_report_came_within_the_90_days_before() -> None:
    answer = forecast([a_point(1_000, 8.0, indicator=Indicator.ERI)], 1_010)
    assert answer.eri == Interval(day(910), day(955), day(1_000))


@pytest.mark.parametrize("first", [Indicator.ERI, Indicator.EOS])
@pytest.mark.parametrize("days", [1, 30, 200, 700])
@pytest.mark.parametrize("model", BATTERIES, ids=lambda model: model.id)
def test_an_indicator_does_not_un_happen_whatever_comes_after_it(model: PumpModel, days: int, first: Indicator) -> None:
    told = [*falling(700), a_point(710, 9.0, indicator=first), a_point(710 + days, 55.0), a_point(711 + days, 54.0)]
    answer = forecast(told, 712 + days, model=model)
    latest = day(710) + timedelta(days=model.eri_to_eos_days or 0)
    assert answer.eos.high <= latest
    assert answer.eri_at == day(710)
    assert answer.doubt is not None
    assert "contradicts" in answer.doubt
    assert answer.doubt in answer.basis
    assert answer.by_charge is None


def test_an_end_of_service_that_goes_back_to_eri_is_a_contradiction_too() -> None:
    told = [a_point(700, 9.0, indicator=Indicator.EOS), a_point(710, 9.0, indicator=Indicator.ERI)]
    answer = forecast([*falling(600), *told], 720)
    assert answer.eos.high == day(700)
    assert answer.doubt is not None
    assert "reported ERI" in answer.doubt


def test_an_indicator_that_stays_is_no_contradiction() -> None:
    told = [a_point(710, 9.0, indicator=Indicator.ERI), a_point(760, 2.0, indicator=Indicator.EOS)]
    assert forecast([*falling(700), *told], 770).doubt is None


@pytest.mark.parametrize("model", BATTERIES, ids=lambda model: model.id)
def test_a_battery_that_gains_charge_is_told_and_its_early_end_does_not_move_out(model: PumpModel) -> None:
    low = [a_point(1_400 + n, 20.0 - n / 10) for n in range(4)]
    high = [a_point(1_410 + n, 60.0) for n in range(4)]
    before, after = forecast(low, 1_404, model=model), forecast([*low, *high], 1_414, model=model)
    assert after.doubt is not None
    assert "can't be charged" in after.doubt
    assert after.doubt in after.basis
    assert after.eri.low <= max(before.eri.low, day(1_413))
    assert (after.by_charge, after.charge_at) == (None, None)


@pytest.mark.parametrize("wild", [3.0, 97.0])
def test_one_wild_report_is_no_gain_of_charge(wild: float) -> None:
    told = [*falling(700), a_point(703, wild), a_point(707, 68.4), a_point(714, 68.2)]
    assert forecast(told, 715).doubt is None
