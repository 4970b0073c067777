"""The physics, over the whole catalogue: volume conserved, alarms at their marks, the battery's end in order."""

from __future__ import annotations

import random
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from devices.alarm_code import AlarmCode
from devices.battery_drain import drain_factor
from devices.model import PumpModel
from devices.models.catalogue import MODELS
from devices.report import Indicator, Infusion, Motor
from simulators.pump import (
    PumpState,
    active_alarms,
    fill,
    implanted,
    programme,
    recover,
    remove,
    stall,
    step,
)
from simulators.unit import Unit, make_unit

WITH_BATTERY = [model for model in MODELS if model.has_battery]
WITHOUT_BATTERY = [model for model in MODELS if not model.has_battery]
WITH_MOTOR = [model for model in MODELS if AlarmCode.MOTOR_STALL in model.alarms]
RUNNING = Infusion.SIMPLE_CONTINUOUS


def new(model: PumpModel, flow: float = 0.3, seed: int = 1) -> PumpState:
    unit = make_unit(model, random.Random(seed))
    return implanted(unit, model.capacity_ml, RUNNING, flow, model.low_reservoir_ml or 0.0)


def exact(model: PumpModel, flow: float = 0.3) -> PumpState:
    """The median pump, delivering exactly what it is set to."""
    drain = drain_factor(model, 0.5) if model.has_battery else 0.0
    unit = Unit(model.id, 1.0, drain, None, None, None)
    return implanted(unit, model.capacity_ml, RUNNING, flow, model.low_reservoir_ml or 0.0)


def after(state: PumpState, days: float, seed: int = 1) -> PumpState:
    return step(state, timedelta(days=days), random.Random(seed))


models = st.sampled_from(MODELS)
spans = st.lists(st.floats(0.0, 40.0), min_size=1, max_size=12)


@given(model=models, flow=st.floats(0.05, 3.0), days=spans, seed=st.integers(0, 1000))
def test_volume_leaves_by_the_flow_alone_and_never_below_nothing(
    model: PumpModel, flow: float, days: list[float], seed: int
) -> None:
    rng = random.Random(seed)
    state = new(model, flow, seed)
    for span in days:
        before, state = state, step(state, timedelta(days=span), rng)
        delivered = before.reservoir_ml - state.reservoir_ml
        most = flow * state.unit.delivery * state.fill_delivery * span
        assert 0 <= state.reservoir_ml <= model.capacity_ml
        assert -1e-9 <= delivered <= most + 1e-6
        if state.turning and state.reservoir_ml > 0:
            assert delivered == pytest.approx(most, abs=1e-6)


@given(model=st.sampled_from(WITH_BATTERY), flow=st.floats(0.05, 3.0), days=spans, seed=st.integers(0, 1000))
def test_the_battery_only_falls_and_its_end_never_precedes_its_indicator(
    model: PumpModel, flow: float, days: list[float], seed: int
) -> None:
    rng = random.Random(seed)
    state = replace(new(model, flow, seed), battery_percent=14.0)
    order = [Indicator.OK, Indicator.ERI, Indicator.EOS]
    for span in days:
        before, state = state, step(state, timedelta(days=span), rng)
        assert 0 <= state.battery_percent <= before.battery_percent
        assert order.index(state.indicator) >= order.index(before.indicator)
        if state.indicator is Indicator.EOS:
            assert state.eri_age_days is not None
            assert state.eos_age_days is not None
            assert state.eri_age_days <= state.eos_age_days <= state.age_days + 1e-6
            assert state.infusion is Infusion.STOPPED


@given(days=st.lists(st.floats(0.01, 50.0), min_size=1, max_size=15), seed=st.integers(0, 100))
def test_a_life_does_not_depend_on_how_often_one_looks(days: list[float], seed: int) -> None:
    state = replace(new(WITH_BATTERY[0], 0.2, seed), battery_percent=16.0)
    rng = random.Random(seed)
    often = state
    for span in days:
        often = step(often, timedelta(days=span), rng)
    whole = sum((timedelta(days=span) for span in days), timedelta())
    once = step(state, whole, random.Random(seed))
    assert often.reservoir_ml == pytest.approx(once.reservoir_ml, abs=1e-6)
    assert often.battery_percent == pytest.approx(once.battery_percent, abs=1e-6)
    assert often.indicator is once.indicator


@pytest.mark.parametrize("model", WITH_BATTERY, ids=lambda model: model.id)
def test_the_indicator_comes_at_its_percentage_and_the_end_as_many_days_later_as_the_model_says(
    model: PumpModel,
) -> None:
    assert model.battery is not None
    state = replace(exact(model), battery_percent=model.battery.eri_percent.value + 0.001)
    before, there = state, after(state, 1.0)
    assert (before.indicator, there.indicator) == (Indicator.OK, Indicator.ERI)
    assert AlarmCode.ELECTIVE_REPLACEMENT in active_alarms(there)
    assert there.eri_age_days is not None
    assert there.eos_age_days == pytest.approx(there.eri_age_days + (model.eri_to_eos_days or 0))
    refilled = replace(there, reservoir_ml=model.capacity_ml, flow_ml_per_day=0.05)
    last_day = after(refilled, (model.eri_to_eos_days or 0) - 1.5)
    ended = after(last_day, 2.0)
    assert last_day.indicator is Indicator.ERI
    assert ended.indicator is Indicator.EOS
    assert AlarmCode.END_OF_SERVICE in active_alarms(ended)
    assert AlarmCode.ELECTIVE_REPLACEMENT not in active_alarms(ended)
    assert after(ended, 10).reservoir_ml == ended.reservoir_ml


def test_the_hard_limit_of_age_ends_a_pump_whatever_its_battery() -> None:
    model = WITH_BATTERY[0]
    limit = model.service_life_max_days or 0
    state = replace(exact(model, 0.05), age_days=limit - 91.0, wanders=limit // 30, battery_percent=70.0)
    assert after(state, 2.0).indicator is Indicator.ERI
    assert after(state, 92.0).indicator is Indicator.EOS


def test_a_film_on_the_battery_ends_it_early_with_little_notice_or_none() -> None:
    state = exact(WITH_BATTERY[0])
    short = replace(state, unit=replace(state.unit, film_age_days=100.0, film_notice_days=20.0))
    assert after(short, 110).indicator is Indicator.ERI
    assert after(short, 121).indicator is Indicator.EOS
    none = replace(state, unit=replace(state.unit, film_age_days=100.0, film_notice_days=None))
    gone = after(none, 101)
    assert gone.indicator is Indicator.EOS
    assert AlarmCode.LOW_BATTERY_RESET in active_alarms(gone)


@pytest.mark.parametrize("model", [model for model in MODELS if model.alarms], ids=lambda model: model.id)
def test_the_reservoir_alarms_come_at_the_mark_and_at_nothing_and_go_with_a_refill(model: PumpModel) -> None:
    mark = model.low_reservoir_ml
    assert mark is not None
    state = exact(model, 0.5)
    to_mark = (model.capacity_ml - mark) / 0.5
    assert active_alarms(after(state, to_mark - 0.01)) == ()
    assert active_alarms(after(state, to_mark + 0.01)) == (AlarmCode.LOW_RESERVOIR,)
    empty = after(state, model.capacity_ml / 0.5 + 0.01)
    assert active_alarms(empty) == (AlarmCode.EMPTY_RESERVOIR, AlarmCode.LOW_RESERVOIR)
    assert empty.reservoir_ml == 0.0
    assert active_alarms(fill(empty, model.capacity_ml, random.Random(1))) == ()


def test_a_patients_own_mark_counts_before_the_models() -> None:
    state = replace(exact(WITH_BATTERY[0], 0.5), low_mark_ml=4.0, reservoir_ml=4.2)
    assert active_alarms(state) == ()
    assert active_alarms(after(state, 0.5)) == (AlarmCode.LOW_RESERVOIR,)


@pytest.mark.parametrize("model", WITH_MOTOR, ids=lambda model: model.id)
def test_a_stall_is_told_at_once_and_a_stop_after_two_days(model: PumpModel) -> None:
    state = stall(exact(model))
    assert state.motor is Motor.STALLED
    assert active_alarms(state) == (AlarmCode.MOTOR_STALL,)
    assert active_alarms(after(state, 1.99)) == (AlarmCode.MOTOR_STALL,)
    late = after(state, 2.01)
    assert active_alarms(late) == (AlarmCode.MOTOR_STALL, AlarmCode.STOPPED_OVER_48H)
    assert late.reservoir_ml == state.reservoir_ml
    assert active_alarms(recover(late)) == ()


def test_a_pump_programmed_to_stand_says_so_after_two_days_until_it_runs_again() -> None:
    state = programme(exact(WITH_MOTOR[0]), Infusion.STOPPED, 0.3)
    assert state.motor is Motor.STOPPED
    late = after(state, 2.5)
    assert active_alarms(late) == (AlarmCode.STOPPED_OVER_48H,)
    assert active_alarms(programme(late, RUNNING, 0.3)) == ()


@pytest.mark.parametrize("model", WITHOUT_BATTERY, ids=lambda model: model.id)
def test_a_model_without_a_battery_never_alarms_and_cannot_stall(model: PumpModel) -> None:
    empty = after(exact(model, 1.0), 400)
    assert empty.empty
    assert active_alarms(empty) == ()
    assert empty.motor is Motor.NONE
    with pytest.raises(ValueError, match="no motor"):
        stall(empty)


def test_drug_that_vanishes_is_missing_from_the_truth_and_not_from_what_the_pump_expects() -> None:
    state = remove(exact(WITH_BATTERY[0]), 4.0)
    assert state.expected_ml - state.reservoir_ml == pytest.approx(4.0)
    assert remove(state, 99.0).reservoir_ml == 0.0


def test_what_cannot_be_is_refused() -> None:
    state = exact(WITH_BATTERY[0])
    with pytest.raises(ValueError, match="forward"):
        after(state, -1)
    with pytest.raises(ValueError, match="does not fit"):
        fill(state, 20.1, random.Random(1))
