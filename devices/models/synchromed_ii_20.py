"""Medtronic SynchroMed II with the 20 mL reservoir (8637-20)."""

from typing import Final

from devices.figure import assumed, cited
from devices.model import DeviceKind, MriRule, PumpModel
from devices.models.alarm_sets import SYNCHROMED_ALARMS
from devices.models.battery_types import SYNCHROMED_II_BATTERY

SYNCHROMED_II_20: Final = PumpModel(
    id="synchromed-ii-20",
    name="SynchroMed II 20 mL",
    maker="Medtronic",
    kind=DeviceKind.PROGRAMMABLE_PUMP,
    capacity=cited(20.0, "mL", "S20"),
    reservoir_measured=False,
    low_reservoir=cited(2.0, "mL", "S23"),
    refill_discrepancy=cited(1.0, "mL", "S30"),
    flow_min=assumed(0.048, "mL/day"),
    flow_max=assumed(24.0, "mL/day"),
    minimum_rate=assumed(0.006, "mL/day"),
    fixed_flow=None,
    flow_accuracy=assumed(14.5, "%"),
    delivered=cited(1.01, "of programmed", "S8"),
    delivered_sd=assumed(0.02, "of programmed"),
    battery=SYNCHROMED_II_BATTERY,
    alarms=SYNCHROMED_ALARMS,
    mri=MriRule(
        empty_before=False,
        check_within=assumed(2, "hours"),
        overdue_after=assumed(24, "hours"),
        advice="The rotor stops in the field and should restart by itself; interrogate the pump after every MRI.",
        source="S25b",
    ),
    marketed=True,
    notes="Approved in 2003. Stops by itself at seven years at the latest.",
)
