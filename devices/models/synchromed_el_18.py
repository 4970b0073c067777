"""Medtronic SynchroMed EL with the 18 mL reservoir, a predecessor, listed for pumps still implanted."""

from typing import Final

from devices.figure import assumed, cited
from devices.model import DeviceKind, MriRule, PumpModel
from devices.models.alarm_sets import SYNCHROMED_ALARMS
from devices.models.battery_types import SYNCHROMED_EL_BATTERY

SYNCHROMED_EL_18: Final = PumpModel(
    id="synchromed-el-18",
    name="SynchroMed EL 18 mL",
    maker="Medtronic",
    kind=DeviceKind.PROGRAMMABLE_PUMP,
    capacity=cited(18.0, "mL", "S20"),
    reservoir_measured=False,
    low_reservoir=cited(2.0, "mL", "S23"),
    refill_discrepancy=assumed(1.0, "mL"),
    flow_min=assumed(0.048, "mL/day"),
    flow_max=assumed(21.6, "mL/day"),
    minimum_rate=None,
    fixed_flow=None,
    flow_accuracy=assumed(14.5, "%"),
    delivered=assumed(0.99, "of programmed"),
    delivered_sd=assumed(0.02, "of programmed"),
    battery=SYNCHROMED_EL_BATTERY,
    alarms=SYNCHROMED_ALARMS,
    mri=MriRule(
        empty_before=False,
        check_within=assumed(2, "hours"),
        overdue_after=cited(24, "hours", "S25"),
        advice="The rotor stops in the field and should restart by itself; interrogate the pump after every MRI.",
        source="S25",
    ),
    marketed=False,
    notes="No longer made; still named in recalls.",
)
