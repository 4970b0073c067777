"""How a battery drains: the one description that simulated pumps obey and forecasts start from.

For one pump with drain factor u (its place among its kind; 1 is the median pump) and flow f(t) in mL a day:

    remaining_percent(t) = 100 - u * integral of battery_percent_per_day(model, f(t)) dt

- The replacement indicator comes on when the true percentage reaches `eri_percent`, or at the latest `eri_to_eos_days`
  before the model's hard limit; end of service follows `eri_to_eos_days` after the indicator.
- `drain_factor(model, quantile)` gives u such that the age at end of service at the reference flow follows the model's
  Weibull distribution truncated at its hard limit. A simulated pump draws quantile uniformly from 0 to 1.
- u itself wanders while the pump lives: a random walk of standard deviation DRAIN_WANDER_PER_SQRT_YEAR after one year
  (independent steps, each with variance DRAIN_WANDER_PER_SQRT_YEAR**2 * years).
- A reported percentage carries an error of standard deviation PERCENT_NOISE_SD, independent from report to report,
  and is given to 0.1; the voltage falls in proportion to the true percentage between `full_voltage` and `eri_voltage`.

The slope with flow, the wander and the noise are assumptions; no source gives them.
"""

from math import expm1, log1p
from typing import Final

from devices.decline import DAYS_PER_YEAR
from devices.model import BatteryFigures, PumpModel

__all__ = [
    "DAYS_PER_YEAR",
    "DRAIN_WANDER_PER_SQRT_YEAR",
    "MINIMUM_DRAIN_FACTOR",
    "PERCENT_NOISE_SD",
    "battery_percent_per_day",
    "days_to_eri",
    "drain_factor",
    "percent_per_day_at_reference",
    "reported_voltage_v",
    "share_ended",
]

DRAIN_WANDER_PER_SQRT_YEAR: Final = 0.04
"""How far the drain factor wanders in a year, as a standard deviation. Assumption."""

PERCENT_NOISE_SD: Final = 0.8
"""The error of one reported percentage, as a standard deviation in percentage points. Assumption."""

MINIMUM_DRAIN_FACTOR: Final = 0.4
"""The drain factor never wanders below this. Assumption."""


def battery_percent_per_day(model: PumpModel, flow_ml_per_day: float) -> float:
    """Return what the median battery of the model loses in a day at that flow, in percentage points.

    Raises ValueError for a model without a battery and for a negative flow.
    """
    battery = _battery(model)
    if flow_ml_per_day < 0:
        raise ValueError("a flow cannot be negative")
    base = battery.base_share.value
    share = base + (1 - base) * flow_ml_per_day / battery.reference_flow.value
    return share * (100 - battery.eri_percent.value) / _days_to_eri(battery, 0.5)


def percent_per_day_at_reference(model: PumpModel) -> float:
    """Return what the median battery loses in a day at the reference flow, in percentage points.

    Raises ValueError for a model without a battery.
    """
    return battery_percent_per_day(model, _battery(model).reference_flow.value)


def drain_factor(model: PumpModel, quantile: float) -> float:
    """Return the drain factor of the pump at that quantile of its kind's service life (0: first to end, 1: last).

    Raises ValueError for a model without a battery and for a quantile outside 0 to 1.
    """
    battery = _battery(model)
    return _days_to_eri(battery, 0.5) / _days_to_eri(battery, quantile)


def share_ended(model: PumpModel, days: float) -> float:
    """Return the share of the model's pumps whose indicator has come on by that many days at the reference flow.

    Raises ValueError for a model without a battery.
    """
    battery = _battery(model)
    shape, scale_days = battery.weibull_shape.value, battery.weibull_scale.value * DAYS_PER_YEAR
    eos_days = days + battery.eri_to_eos.value
    return min(1.0, -expm1(-((max(eos_days, 0.0) / scale_days) ** shape)) / _ended_by_limit(battery))


def days_to_eri(model: PumpModel, quantile: float) -> float:
    """Return after how many days the indicator comes on, at that quantile of the pumps, at the reference flow.

    Raises ValueError for a model without a battery and for a quantile outside 0 to 1.
    """
    return _days_to_eri(_battery(model), quantile)


def reported_voltage_v(model: PumpModel, remaining_percent: float) -> float:
    """Return the voltage of a battery with that percentage left, in volts. Raises ValueError without a battery."""
    battery = _battery(model)
    span = battery.full_voltage.value - battery.eri_voltage.value
    left = (remaining_percent - battery.eri_percent.value) / (100 - battery.eri_percent.value)
    return battery.eri_voltage.value + span * left


def _battery(model: PumpModel) -> BatteryFigures:
    if model.battery is None:
        raise ValueError(f"{model.name} has no battery")
    return model.battery


def _days_to_eri(battery: BatteryFigures, quantile: float) -> float:
    """Invert the Weibull distribution truncated at the hard limit; an end within the first year is put at one year."""
    if not 0 <= quantile <= 1:
        raise ValueError("a quantile lies between 0 and 1")
    shape, scale_days = battery.weibull_shape.value, battery.weibull_scale.value * DAYS_PER_YEAR
    eos_days = scale_days * float((-log1p(-quantile * _ended_by_limit(battery))) ** (1 / shape))
    return max(eos_days, DAYS_PER_YEAR) - battery.eri_to_eos.value


def _ended_by_limit(battery: BatteryFigures) -> float:
    """Return the share of batteries that would end before the hard limit, which is all that pumps ever show."""
    scale_days = battery.weibull_scale.value * DAYS_PER_YEAR
    return -expm1(-((battery.service_life_max.value / scale_days) ** battery.weibull_shape.value))
