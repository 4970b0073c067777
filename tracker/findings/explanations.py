"""What may explain a finding with nobody at fault: what several kinds share, each with its source and its models.

Marks such as S16 are those of `devices.sources`; "reasoned" follows from how such pumps work, without a source.
"""

from __future__ import annotations

from typing import Final

from devices.model import DeviceKind, PumpModel
from tracker.findings.history import Direction
from tracker.findings.kind import Explanation


def _programmable(model: PumpModel) -> bool:
    return model.programmable


def _pump(model: PumpModel) -> bool:
    return model.kind is not DeviceKind.RESERVOIR


def _measures(model: PumpModel) -> bool:
    return model.reservoir_measured


def _counts(model: PumpModel) -> bool:
    return _pump(model) and not model.reservoir_measured


def _alarms(model: PumpModel) -> bool:
    return bool(model.alarms)


_GONE: Final = frozenset({Direction.LESS, Direction.EARLY})
_LEFT: Final = frozenset({Direction.MORE})

BOLUSES: Final = Explanation("boluses that the patient may take, or that a nurse gave", "S24", applies=_programmable)
"""The maker's refill date takes all allotted boluses as used: Prometra's patient controller (S24)."""
ALTITUDE: Final = Explanation("high altitude, a flight or a dive: pressure changes the flow", "S7b", applies=_pump)
"""Gas drives the drug out of all of these reservoirs; a constant-flow pump feels it most."""
TEMPERATURE: Final = Explanation("fever or heat: temperature changes the flow", "S7", applies=_pump)
OVER_INFUSION: Final = Explanation(
    "over-infusion: a pump that delivers more than it is set to", "S8", _GONE, applies=_pump
)
OVER_INFUSION_BEFORE: Final = Explanation(
    "over-infusion: a pump that ran low before the date that was expected", "S8", applies=_pump
)
LEAK: Final = Explanation("a leak at the septum, the catheter or their connection", "S38c", _GONE)
POCKET_FILL: Final = Explanation("drug that went beside the reservoir at the last fill", "S30", _GONE)
SENSOR: Final = Explanation("a fault of the fill level sensor, as recalled in 2013", "S16", applies=_measures)
COUNT: Final = Explanation(
    "the pump counts its volume down and measures nothing: a wrong volume entered at the last refill shifts the count",
    "S28",
    applies=_counts,
)
STALL_OR_BLOCK: Final = Explanation("a stall, a stop or a blocked catheter", "S38d", _LEFT, applies=_pump)
ALARM_TIME: Final = Explanation("a low-reservoir alarm that was set to a higher volume", "S23", applies=_alarms)
REFILLED_ELSEWHERE: Final = Explanation("a refill at another clinic, in hospital or at home", "reasoned")
NOT_LOGGED: Final = Explanation("a refill that was done and not logged", "reasoned")
OUT_OF_CONTACT: Final = Explanation("a communicator that was unplugged or out of reach", "reasoned")
RESCHEDULED: Final = Explanation("the clinic moved or canceled the appointment", "reasoned")
HOSPITAL: Final = Explanation("the patient was in the hospital or could not travel", "reasoned")
SHORTAGE: Final = Explanation("the drug was out of stock or recalled", "reasoned")
ORDERED_STOP: Final = Explanation("a stop that was ordered, as for a taper or at the end of life", "reasoned")
MRI: Final = Explanation("an MRI, after which the motor was slow to restart or the volume was set again", "S25")
SURGERY: Final = Explanation("a planned replacement before which no refill was meant", "reasoned")
WRONG_ENTRY: Final = Explanation("a volume entered wrongly at this refill or the last", "S38c")
EMERGENCY: Final = Explanation("an emergency department or MRI suite that set the pump", "S39")

MISSED: Final = (
    RESCHEDULED,
    HOSPITAL,
    SHORTAGE,
    NOT_LOGGED,
    REFILLED_ELSEWHERE,
    OUT_OF_CONTACT,
    SURGERY,
    ALARM_TIME,
    OVER_INFUSION_BEFORE,
    BOLUSES,
    ALTITUDE,
    TEMPERATURE,
    SENSOR,
    COUNT,
    Explanation(LEAK.text, LEAK.source),
)
"""What is excluded before a refill counts as missed: it was done, could not be done, or the reservoir ran low early."""
