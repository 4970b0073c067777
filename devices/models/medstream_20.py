"""Codman MedStream with the 20 mL reservoir."""

from typing import Final

from devices.figure import assumed, cited
from devices.model import DeviceKind, MriRule, PumpModel
from devices.models.alarm_sets import MEDSTREAM_ALARMS
from devices.models.battery_types import MEDSTREAM_BATTERY

MEDSTREAM_20: Final = PumpModel(
    id="medstream-20",
    name="MedStream 20 mL",
    maker="Codman",
    kind=DeviceKind.PROGRAMMABLE_PUMP,
    capacity=cited(20.0, "mL", "S16"),
    reservoir_measured=True,
    low_reservoir=cited(3.0, "mL", "S16"),
    refill_discrepancy=assumed(1.0, "mL"),
    flow_min=assumed(0.1, "mL/day"),
    flow_max=assumed(4.0, "mL/day"),
    minimum_rate=None,
    fixed_flow=None,
    flow_accuracy=assumed(15.0, "%"),
    delivered=assumed(0.99, "of programmed"),
    delivered_sd=assumed(0.02, "of programmed"),
    battery=MEDSTREAM_BATTERY,
    alarms=MEDSTREAM_ALARMS,
    mri=MriRule(
        empty_before=False,
        check_within=assumed(2, "hours"),
        overdue_after=assumed(24, "hours"),
        advice="Interrogate the pump after every MRI.",
        source=None,
    ),
    marketed=False,
    notes="Gas driven with a valve and a fill level sensor, whose faults were the subject of a recall in 2013.",
)
