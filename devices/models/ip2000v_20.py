"""Codman IP2000V with the 20 mL reservoir, a constant-flow pump."""

from typing import Final

from devices.figure import assumed
from devices.model import DeviceKind, PumpModel

IP2000V_20: Final = PumpModel(
    id="ip2000v-20",
    name="IP2000V 20 mL",
    maker="Codman",
    kind=DeviceKind.NONPROGRAMMABLE_PUMP,
    capacity=assumed(20.0, "mL"),
    reservoir_measured=False,
    low_reservoir=assumed(3.0, "mL"),
    refill_discrepancy=assumed(2.0, "mL"),
    flow_min=None,
    flow_max=None,
    minimum_rate=None,
    fixed_flow=assumed(1.0, "mL/day"),
    flow_accuracy=assumed(15.0, "%"),
    delivered=assumed(1.0, "of labelled"),
    delivered_sd=assumed(0.075, "of labelled"),
    battery=None,
    alarms=frozenset(),
    mri=None,
    marketed=False,
    notes="No battery and no alarm. The flow is set at the factory, 0.5 to 2 mL a day by version; one stands for all.",
)
