"""Flowonix Prometra II with the 20 mL reservoir."""

from typing import Final

from devices.figure import assumed, cited
from devices.model import DeviceKind, MriRule, PumpModel
from devices.models.alarm_sets import PROMETRA_ALARMS
from devices.models.battery_types import PROMETRA_BATTERY

PROMETRA_II_20: Final = PumpModel(
    id="prometra-ii-20",
    name="Prometra II 20 mL",
    maker="Flowonix",
    kind=DeviceKind.PROGRAMMABLE_PUMP,
    capacity=cited(20.0, "mL", "S11"),
    reservoir_measured=False,
    low_reservoir=cited(3.0, "mL", "S24"),
    refill_discrepancy=assumed(1.0, "mL"),
    flow_min=assumed(0.0, "mL/day"),
    flow_max=assumed(28.8, "mL/day"),
    minimum_rate=None,
    fixed_flow=None,
    flow_accuracy=assumed(10.0, "%"),
    delivered=assumed(0.979, "of programmed"),
    delivered_sd=assumed(0.02, "of programmed"),
    battery=PROMETRA_BATTERY,
    alarms=PROMETRA_ALARMS,
    mri=MriRule(
        empty_before=True,
        check_within=assumed(2, "hours"),
        overdue_after=assumed(24, "hours"),
        advice=(
            "Empty the pump before the MRI: its valves may open and discharge the reservoir. After it, "
            "reset the valve and interrogate."
        ),
        source="S11",
    ),
    marketed=True,
    notes="Valves and an accumulator instead of a motor. Hyperbaric treatment is contraindicated.",
)
