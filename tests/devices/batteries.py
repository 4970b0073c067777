"""Readings of a battery, as the tests of its forecasts need them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from devices.battery import BatteryForecast, BatteryPoint, forecast_battery
from devices.battery_drain import battery_percent_per_day
from devices.interval import Unknown
from devices.model import PumpModel
from devices.models.catalogue import CATALOGUE, MODELS
from devices.report import Indicator

SYNCHROMED = CATALOGUE["synchromed-ii-20"]
IMPLANTED = date(2020, 1, 1)
BATTERIES = [model for model in MODELS if model.battery is not None]
START = datetime(2020, 1, 1, tzinfo=UTC)
A_DAY = timedelta(days=1)


def day(number: float) -> datetime:
    return START + timedelta(days=number)


def a_point(
    at: float,
    percent: float | None = None,
    flow: float | None = 0.3,
    indicator: Indicator | None = Indicator.OK,
) -> BatteryPoint:
    return BatteryPoint(day(at), None, percent, indicator, flow)


def falling(until: float, factor: float = 1.0, flow: float = 0.3, every: float = 7) -> list[BatteryPoint]:
    """A pump whose percentage falls exactly as its drain factor says."""
    per_day = factor * battery_percent_per_day(SYNCHROMED, flow)
    return [a_point(n * every, 100 - per_day * n * every, flow) for n in range(int(until / every) + 1)]


def forecast(
    readings: list[BatteryPoint], now: float, implanted_on: date | None = IMPLANTED, model: PumpModel = SYNCHROMED
) -> BatteryForecast:
    answer = forecast_battery(model, implanted_on, readings, day(now))
    assert isinstance(answer, BatteryForecast)
    return answer


def unknown(
    readings: list[BatteryPoint],
    now: float = 1_000,
    implanted_on: date | None = IMPLANTED,
    model: PumpModel = SYNCHROMED,
) -> Unknown:
    answer = forecast_battery(model, implanted_on, readings, day(now))
    assert isinstance(answer, Unknown)
    return answer
