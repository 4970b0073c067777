"""Flowonix Prometra (11827) with the 20 mL reservoir."""

from typing import Final

from devices.figure import assumed, cited
from devices.model import DeviceKind, MriRule, PumpModel
from devices.models.alarm_sets import PROMETRA_ALARMS
from devices.models.battery_types import PROMETRA_BATTERY

PROMETRA_I_20: Final = PumpModel(
    id="prometra-i-20",
    name="Prometra 20 mL",
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
    delivered=cited(0.979, "of programmed", "S12"),
    delivered_sd=assumed(0.02, "of programmed"),
    battery=PROMETRA_BATTERY,
    alarms=PROMETRA_ALARMS,
    mri=MriRule(
        empty_before=True,
        check_within=assumed(2, "hours"),
        overdue_after=assumed(24, "hours"),
        advice=(
            "Labelled MR Unsafe in Europe since 2019: no MRI unless its maker's instructions of today allow it. Empty "
            "the pump before any MRI; interrogate it after."
        ),
        source="S26",
    ),
    marketed=False,
    notes="The first Prometra. Valves and an accumulator instead of a motor. Hyperbaric treatment is contraindicated.",
)
