"""Forecasts of the battery. How a battery drains is described in `devices.battery_drain`."""

from devices.battery_drain import battery_percent_per_day

__all__ = ["battery_percent_per_day"]
