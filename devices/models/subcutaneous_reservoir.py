"""A subcutaneous reservoir: a port for single injections, which meters nothing."""

from typing import Final

from devices.figure import assumed
from devices.model import DeviceKind, PumpModel

SUBCUTANEOUS_RESERVOIR: Final = PumpModel(
    id="subcutaneous-reservoir",
    name="Subcutaneous reservoir",
    maker="various",
    kind=DeviceKind.RESERVOIR,
    capacity=assumed(2.5, "mL"),
    reservoir_measured=False,
    low_reservoir=None,
    refill_discrepancy=assumed(1.0, "mL"),
    flow_min=None,
    flow_max=None,
    minimum_rate=None,
    fixed_flow=None,
    flow_accuracy=assumed(0.0, "%"),
    delivered=assumed(1.0, "of injected"),
    delivered_sd=assumed(0.0, "of injected"),
    battery=None,
    alarms=frozenset(),
    mri=None,
    marketed=True,
    notes="No battery, no alarm and no flow of its own.",
)
