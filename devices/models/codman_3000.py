"""Codman 3000, a constant-flow pump driven by propellant."""

from typing import Final

from devices.figure import assumed, cited
from devices.model import DeviceKind, PumpModel

CODMAN_3000: Final = PumpModel(
    id="codman-3000",
    name="Codman 3000",
    maker="Codman",
    kind=DeviceKind.NONPROGRAMMABLE_PUMP,
    capacity=cited(30.0, "mL", "S7"),
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
    notes=(
        "No battery and no alarm. The flow is set at the factory by version and varies with temperature and "
        "pressure; one mL a day stands for all versions."
    ),
)
