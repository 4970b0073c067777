"""Forecasts of the reservoir: learnt from the volumes reported, told with their basis."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.interval import Interval, Unknown
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE
from devices.report import Infusion
from devices.reservoir import ReservoirForecast, ReservoirPoint, forecast_reservoir

SYNCHROMED = CATALOGUE["synchromed-ii-20"]
CONSTANT_FLOW = CATALOGUE["codman-3000"]
START = datetime(2026, 1, 1, tzinfo=UTC)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def falling(
    days: int, flow: float | None = 0.3, delivered: float = 0.99, filled: float = 20.0, since: float = 0
) -> list[ReservoirPoint]:
    per_day = (flow or 0.3) * delivered
    return [ReservoirPoint(day(since + n), filled - per_day * n, flow) for n in range(days + 1)]


def forecast(
    readings: list[ReservoirPoint], now: float, model: PumpModel = SYNCHROMED, low_mark_ml: float | None = None
) -> ReservoirForecast:
    answer = forecast_reservoir(model, readings, day(now), low_mark_ml)
    assert isinstance(answer, ReservoirForecast)
    return answer


def unknown(readings: list[ReservoirPoint], model: PumpModel = SYNCHROMED) -> Unknown:
    answer = forecast_reservoir(model, readings, day(400))
    assert isinstance(answer, Unknown)
    return answer


@pytest.mark.parametrize("delivered", [0.93, 0.99, 1.04])
def test_a_steady_fall_is_followed_to_the_low_mark_and_to_empty(delivered: float) -> None:
    answer = forecast(falling(40, delivered=delivered), 40)
    per_day = 0.3 * delivered
    assert answer.flow_ml_per_day == pytest.approx(per_day, rel=0.01)
    assert abs(answer.low.median - day(18 / per_day)) < timedelta(hours=12)
    assert abs(answer.empty.median - day(20 / per_day)) < timedelta(hours=12)
    assert not answer.low_seen
    assert not answer.empty_seen


def test_the_first_report_already_gives_an_interval_that_later_ones_narrow() -> None:
    widths = []
    for days in (0, 3, 10, 40):
        answer = forecast(falling(days), days)
        assert answer.low.holds(day(18 / 0.297))
        widths.append(answer.low.high - answer.low.low)
    assert all(earlier > later for earlier, later in pairwise(widths))


def test_a_patients_own_low_mark_counts_before_the_models() -> None:
    models, own = forecast(falling(20), 20), forecast(falling(20), 20, low_mark_ml=4.0)
    assert (models.low_mark_ml, own.low_mark_ml) == (2.0, 4.0)
    assert own.low.high < models.low.low
    assert own.empty == models.empty
    assert "The low-reservoir alarm is at 4 mL (set for this patient)." in own.basis
    assert "The low-reservoir alarm is at 2 mL (the model's, source S23)." in models.basis


def test_a_refill_starts_the_forecast_again_and_keeps_what_was_learnt_of_the_pump() -> None:
    first = falling(50, delivered=0.93)
    answer = forecast([*first, *falling(1, delivered=0.93, since=51)], 52)
    assert answer.flow_ml_per_day == pytest.approx(0.279, rel=0.015)
    assert abs(answer.empty.median - day(51 + 20 / 0.279)) < timedelta(days=1.5)


def test_a_sudden_loss_moves_the_end_forward() -> None:
    before = falling(30)
    lost = [ReservoirPoint(day(31 + n), before[-1].reservoir_ml - 4 - 0.297 * (n + 1), 0.3) for n in range(2)]
    earlier = forecast(before, 30).empty.median - forecast([*before, *lost], 32).empty.median
    assert abs(earlier - timedelta(days=4 / 0.297)) < timedelta(days=1)


def test_a_changed_flow_counts_from_its_report_on() -> None:
    before = falling(20)
    level = before[-1].reservoir_ml
    after = [ReservoirPoint(day(20 + n), level - 0.594 * n, 0.6) for n in range(1, 6)]
    answer = forecast([*before, *after], 25)
    assert answer.flow_ml_per_day == pytest.approx(0.594, rel=0.02)


def test_a_flow_that_goes_up_and_down_by_the_hour_counts_with_its_mean() -> None:
    level, readings = 20.0, []
    for n in range(60):
        flow = 0.2 if n % 2 else 0.4
        readings.append(ReservoirPoint(day(n / 2), level, flow, Infusion.FLEX))
        level -= 0.15 * 0.99
    answer = forecast(readings, 30)
    assert answer.flow_ml_per_day == pytest.approx(0.297, rel=0.05)


def test_a_low_mark_and_an_empty_reservoir_that_were_reported_are_dated_by_their_reports() -> None:
    readings = falling(70, delivered=1.0, filled=19.9)
    readings = [ReservoirPoint(r.at, max(r.reservoir_ml, 0.0), r.flow_ml_per_day) for r in readings]
    low = forecast(readings[:62], 61)
    assert (low.low_seen, low.empty_seen) == (True, False)
    assert low.low == Interval(day(59), day(59.5), day(60))
    empty = forecast(readings, 70)
    assert empty.empty_seen
    assert empty.empty == Interval(day(66), day(66.5), day(67))


def test_a_standstill_that_nobody_reported_is_no_fill() -> None:
    before = falling(20)
    still = [ReservoirPoint(day(n), before[-1].reservoir_ml - 0.297 * (n - 50), 0.3) for n in (50, 51, 52)]
    answer = forecast([*before, *still], 52)
    assert abs(answer.empty.median - day(52 + still[-1].reservoir_ml / 0.297)) < timedelta(days=1.5)
    low = forecast([*before, *still], 52, low_mark_ml=still[1].reservoir_ml + 0.01)
    assert low.low == Interval(day(50), day(50.5), day(51))


def test_a_pump_first_heard_of_below_its_low_mark_is_dated_by_that_report() -> None:
    answer = forecast([ReservoirPoint(day(3), 1.2, 0.3)], 3)
    assert answer.low == Interval(day(3), day(3), day(3))
    assert answer.empty.median == pytest.approx(day(3 + 1.2 / 0.297), abs=timedelta(hours=2))


def test_a_constant_flow_pump_shows_its_flow_by_how_it_empties() -> None:
    readings = [ReservoirPoint(day(n), 30 - 0.83 * n, None) for n in range(15)]
    answer = forecast(readings, 14, CONSTANT_FLOW)
    assert answer.flow_ml_per_day == pytest.approx(0.83, rel=0.01)
    assert answer.empty.holds(day(30 / 0.83))
    assert "No flow was ever told" in answer.basis[1]


def test_the_basis_names_the_last_volume_and_what_is_taken_for_granted() -> None:
    basis = forecast(falling(20), 30).basis
    assert basis[0] == "14.06 mL reported on 2026-01-21."
    assert "taken to stay at the programmed 0.3 mL a day" in basis[1]
    assert "it is assumed to keep within 14.5 % either way" in basis[1], "no source gives a label's figure"
    assert basis[-1] == "The last report is 10 days old."


@pytest.mark.parametrize(
    ("readings", "model", "words"),
    [
        ([], SYNCHROMED, "No volume was reported yet"),
        (falling(3), CATALOGUE["subcutaneous-reservoir"], "can't report its volume"),
        ([*falling(3), ReservoirPoint(day(4), 18.8, 0.0)], SYNCHROMED, "nothing flows"),
        ([ReservoirPoint(day(0), 20.0, None)], CONSTANT_FLOW, "volumes do not yet show it"),
        ([ReservoirPoint(day(n), 20.0, None) for n in range(9)], CONSTANT_FLOW, "volumes do not yet show it"),
    ],
)
def test_what_cannot_be_known_is_said_with_what_would_help(
    readings: list[ReservoirPoint], model: PumpModel, words: str
) -> None:
    answer = unknown(readings, model)
    assert words in answer.reason
    assert answer.would_help.endswith(".")


def test_what_came_after_now_counts_for_nothing_and_the_order_does_not_matter() -> None:
    later = ReservoirPoint(day(30), 20.0, 2.0)
    assert forecast([later, *falling(20)[::-1]], 20) == forecast(falling(20), 20)


def test_four_in_five_reservoirs_reach_their_low_mark_within_the_interval() -> None:
    rng = random.Random(41)
    covered = []
    for _ in range(150):
        flow, own = rng.choice([0.1, 0.2, 0.3, 0.5, 0.8]), rng.gauss(0.99, 0.015)
        readings, start = [], 0.0
        for fill in range(2):
            per_day = flow * own * rng.gauss(1, 0.01)
            reaches = start + 18 / per_day
            until = reaches - (10 if fill else 1)
            for n in range(int(until - start)):
                volume = round(20 - per_day * n + rng.gauss(0, 0.03), 2)
                readings.append(ReservoirPoint(day(start + n), min(volume, 20.0), flow))
            truth, start = reaches, start + int(until - start) + 1.0
        answer = forecast_reservoir(SYNCHROMED, readings, day(truth))
        assert isinstance(answer, ReservoirForecast)
        covered.append(answer.low.holds(day(truth)))
    assert 0.70 <= sum(covered) / len(covered) <= 0.90


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.builds(
            ReservoirPoint,
            st.floats(0, 300).map(day),
            st.floats(0, 20),
            st.none() | st.floats(0, 24),
            st.none() | st.sampled_from(Infusion),
        ),
        max_size=25,
    ),
    st.floats(0, 400),
)
def test_any_readings_give_an_ordered_interval_or_a_reason(readings: list[ReservoirPoint], now: float) -> None:
    answer = forecast_reservoir(SYNCHROMED, readings, day(now))
    if isinstance(answer, Unknown):
        assert answer.reason
    else:
        assert answer.low.median <= answer.empty.median
        assert answer.basis
