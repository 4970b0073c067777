"""Medtronic IsoMed with the 20 mL reservoir, a constant-flow pump."""

from typing import Final

from devices.figure import assumed, cited
from devices.model import DeviceKind, PumpModel

ISOMED_20: Final = PumpModel(
    id="isomed-20",
    name="IsoMed 20 mL",
    maker="Medtronic",
    kind=DeviceKind.NONPROGRAMMABLE_PUMP,
    capacity=cited(20.0, "mL", "S18"),
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
    notes="No battery and no alarm. The suffix of the model names its flow, read here as -10, one mL a day.",
)
