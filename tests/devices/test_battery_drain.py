"""How batteries drain: the one description that simulated pumps obey and forecasts start from."""

from __future__ import annotations

import pytest

from devices.battery_drain import (
    battery_percent_per_day,
    days_to_eri,
    drain_factor,
    percent_per_day_at_reference,
    reported_voltage_v,
    share_ended,
)
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE, MODELS

SYNCHROMED = CATALOGUE["synchromed-ii-20"]
with_battery = pytest.mark.parametrize("model", [m for m in MODELS if m.has_battery], ids=lambda m: m.id)


@with_battery
def test_the_median_battery_reaches_its_indicator_when_its_kind_does(model: PumpModel) -> None:
    battery = model.battery
    assert battery is not None
    assert percent_per_day_at_reference(model) * days_to_eri(model, 0.5) == pytest.approx(
        100 - battery.eri_percent.value
    )
    assert drain_factor(model, 0.5) == 1.0
    assert drain_factor(model, 0.1) > 1 > drain_factor(model, 0.9)


@with_battery
def test_the_share_of_batteries_ended_inverts_the_days_to_the_indicator(model: PumpModel) -> None:
    for quantile in (0.05, 0.3, 0.5, 0.9, 1.0):
        assert share_ended(model, days_to_eri(model, quantile)) == pytest.approx(quantile)
    assert days_to_eri(model, 1.0) + (model.eri_to_eos_days or 0) == pytest.approx(model.service_life_max_days)
    assert share_ended(model, 1e9) == 1.0


def test_a_synchromed_ii_lives_as_the_published_series_found() -> None:
    assert (days_to_eri(SYNCHROMED, 0.5) + 90) / 365.25 == pytest.approx(5.8, abs=0.2)


@with_battery
def test_more_flow_drains_more_and_the_voltage_falls_with_the_percentage(model: PumpModel) -> None:
    battery = model.battery
    assert battery is not None
    assert (
        0 < battery_percent_per_day(model, 0) < battery_percent_per_day(model, 0.3) < battery_percent_per_day(model, 2)
    )
    assert reported_voltage_v(model, 100) == pytest.approx(battery.full_voltage.value)
    assert reported_voltage_v(model, battery.eri_percent.value) == pytest.approx(battery.eri_voltage.value)


def test_what_has_no_battery_or_no_sense_has_no_drain() -> None:
    with pytest.raises(ValueError, match="has no battery"):
        battery_percent_per_day(CATALOGUE["isomed-35"], 1.0)
    with pytest.raises(ValueError, match="cannot be negative"):
        battery_percent_per_day(SYNCHROMED, -0.1)
    with pytest.raises(ValueError, match="between 0 and 1"):
        drain_factor(SYNCHROMED, 1.1)
