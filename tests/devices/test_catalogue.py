"""What holds for every model in the catalogue; a new model is checked by being listed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from pathlib import Path

import pytest

import devices.models
from devices.alarm_code import AlarmCode
from devices.figure import Figure, assumed, cited
from devices.model import BatteryFigures, DeviceKind, PumpModel
from devices.models.catalogue import CATALOGUE, MODELS, find

every_model = pytest.mark.parametrize("model", MODELS, ids=lambda model: model.id)
BATTERY_ALARMS = {AlarmCode.ELECTIVE_REPLACEMENT, AlarmCode.END_OF_SERVICE, AlarmCode.LOW_BATTERY_RESET}


def figures(value: object) -> Iterator[Figure]:
    if isinstance(value, Figure):
        yield value
    elif is_dataclass(value):
        for field in fields(value):
            yield from figures(getattr(value, field.name))


def test_the_catalogue_holds_every_model_of_the_field() -> None:
    assert set(CATALOGUE) == {
        "synchromed-ii-20",
        "synchromed-ii-40",
        "synchromed-iii-20",
        "synchromed-iii-40",
        "prometra-ii-20",
        "prometra-ii-40",
        "synchromed-el-18",
        "codman-3000",
        "isomed-35",
        "medstream-20",
        "medstream-40",
        "subcutaneous-reservoir",
        "synchromed-el-10",
        "isomed-20",
        "prometra-i-20",
        "archimedes-20",
        "archimedes-40",
        "archimedes-60",
        "ip2000v-20",
        "ip2000v-40",
        "ip2000v-60",
    }


def test_no_two_models_share_an_id_or_a_name() -> None:
    assert len({model.id for model in MODELS}) == len({model.name for model in MODELS}) == len(MODELS)


def test_every_file_of_a_model_is_listed() -> None:
    shared = {"__init__", "catalogue", "alarm_sets", "battery_types"}
    files = {path.stem for path in Path(devices.models.__path__[0]).glob("*.py")} - shared
    assert files == {model.id.replace("-", "_") for model in MODELS}, (
        "a model is added by its file and a line in catalogue"
    )


def test_a_model_that_is_not_listed_is_not_found() -> None:
    assert find("synchromed-ix-900") is None
    assert find("synchromed-ii-20") is CATALOGUE["synchromed-ii-20"]


@every_model
def test_every_figure_has_a_source_or_says_that_it_is_assumed(model: PumpModel) -> None:
    found = list(figures(model))
    assert len(found) >= 5
    for figure in found:
        assert figure.value >= 0
        assert figure.assumed == (figure.source is None)
        assert figure.citation


@every_model
def test_the_reservoir_holds_more_than_its_low_mark(model: PumpModel) -> None:
    assert model.capacity_ml > 0
    assert model.low_reservoir_ml is None or 0 < model.low_reservoir_ml < model.capacity_ml
    assert 0 < model.refill_discrepancy_ml < model.capacity_ml


@every_model
def test_only_a_pump_with_a_level_sensor_measures_its_volume(model: PumpModel) -> None:
    assert model.reservoir_measured == model.name.startswith("MedStream")


@every_model
def test_only_a_pump_with_a_battery_warns_of_one(model: PumpModel) -> None:
    assert bool(BATTERY_ALARMS & model.alarms) == model.has_battery


@every_model
def test_a_device_that_cannot_be_programmed_has_neither_battery_nor_alarm(model: PumpModel) -> None:
    if model.programmable:
        assert model.has_battery
        assert model.alarms
        assert model.mri is not None
    else:
        assert not model.has_battery
        assert not model.alarms
        assert model.flow_min_ml_per_day is None
        assert model.flow_max_ml_per_day is None


@every_model
def test_a_flow_is_either_programmed_or_fixed_or_none_of_the_devices_own(model: PumpModel) -> None:
    programmed = model.flow_max_ml_per_day is not None
    assert programmed == (model.kind is DeviceKind.PROGRAMMABLE_PUMP)
    assert (model.fixed_flow_ml_per_day is not None) == (model.kind is DeviceKind.NONPROGRAMMABLE_PUMP)
    if model.flow_min_ml_per_day is not None and model.flow_max_ml_per_day is not None:
        assert model.flow_min_ml_per_day < model.flow_max_ml_per_day
        assert (model.minimum_rate_ml_per_day or 0.0) <= model.flow_min_ml_per_day


@every_model
def test_a_battery_announces_its_end_within_its_life(model: PumpModel) -> None:
    battery = model.battery
    assert (model.eri_to_eos_days is None) == (model.service_life_max_days is None) == (battery is None)
    if isinstance(battery, BatteryFigures):
        assert 0 < battery.eri_to_eos.value < battery.service_life_max.value
        assert 0 < battery.base_share.value < 1
        assert 0 < battery.eri_percent.value < 100
        assert battery.eri_voltage.value < battery.full_voltage.value


@every_model
def test_a_low_and_an_empty_reservoir_are_told_together(model: PumpModel) -> None:
    both = {AlarmCode.LOW_RESERVOIR, AlarmCode.EMPTY_RESERVOIR}
    assert both & model.alarms in (both, set())


def test_the_cited_figures_are_those_of_the_sources() -> None:
    synchromed = CATALOGUE["synchromed-ii-40"]
    assert synchromed.battery is not None
    assert (synchromed.battery.eri_to_eos.value, synchromed.battery.eri_to_eos.source) == (90, "S1")
    assert synchromed.service_life_max_days == 2556
    assert (synchromed.refill_discrepancy_ml, synchromed.refill_discrepancy.source) == (2.0, "S30")
    assert CATALOGUE["synchromed-ii-20"].refill_discrepancy_ml == 1.0
    assert CATALOGUE["prometra-ii-20"].low_reservoir == cited(3.0, "mL", "S24")


def test_a_prometra_is_emptied_before_an_mri_and_a_synchromed_is_not() -> None:
    prometra, synchromed = CATALOGUE["prometra-ii-20"].mri, CATALOGUE["synchromed-ii-20"].mri
    assert prometra is not None
    assert synchromed is not None
    assert (prometra.empty_before, synchromed.empty_before) == (True, False)


def test_a_figure_with_a_source_that_nobody_lists_is_refused() -> None:
    with pytest.raises(ValueError, match="S999"):
        cited(1.0, "mL", "S999")


def test_a_figure_shows_its_unit_and_that_it_is_assumed() -> None:
    assert str(assumed(2.5, "mL")) == "2.5 mL (assumed)"
    assert assumed(2.5, "mL").citation == "assumption, no source found"
    assert str(cited(90, "days", "S1")) == "90 days"
    assert "Medtronic" in cited(90, "days", "S1").citation


def test_every_alarm_code_is_named_by_some_model_and_by_no_model_unnamed() -> None:
    """A new code must be added to the models that can give it: nothing grants it to all of them."""
    named = frozenset[AlarmCode]().union(*(model.alarms for model in MODELS))
    assert set(AlarmCode) - named == set(), "no model can report these codes: name them in devices/models/alarm_sets.py"
    sets = Path("devices/models/alarm_sets.py").read_text()
    assert "frozenset(AlarmCode)" not in sets
    assert {code for code in AlarmCode if f"AlarmCode.{code.name}" not in sets} == set()
