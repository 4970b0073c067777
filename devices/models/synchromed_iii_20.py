"""Medtronic SynchroMed III with the 20 mL reservoir."""

from typing import Final

from devices.figure import assumed
from devices.model import DeviceKind, MriRule, PumpModel
from devices.models.alarm_sets import SYNCHROMED_ALARMS
from devices.models.battery_types import SYNCHROMED_III_BATTERY

SYNCHROMED_III_20: Final = PumpModel(
    id="synchromed-iii-20",
    name="SynchroMed III 20 mL",
    maker="Medtronic",
    kind=DeviceKind.PROGRAMMABLE_PUMP,
    capacity=assumed(20.0, "mL"),
    reservoir_measured=False,
    low_reservoir=assumed(2.0, "mL"),
    refill_discrepancy=assumed(1.0, "mL"),
    flow_min=assumed(0.048, "mL/day"),
    flow_max=assumed(24.0, "mL/day"),
    minimum_rate=assumed(0.006, "mL/day"),
    fixed_flow=None,
    flow_accuracy=assumed(14.5, "%"),
    delivered=assumed(1.01, "of programmed"),
    delivered_sd=assumed(0.02, "of programmed"),
    battery=SYNCHROMED_III_BATTERY,
    alarms=SYNCHROMED_ALARMS,
    mri=MriRule(
        empty_before=False,
        check_within=assumed(2, "hours"),
        overdue_after=assumed(24, "hours"),
        advice="The rotor stops in the field and should restart by itself; interrogate the pump after every MRI.",
        source=None,
    ),
    marketed=True,
    notes="Approved in October 2023. Its figures are taken to be those of SynchroMed II until published.",
)
