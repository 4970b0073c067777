"""What follows from an alarm: how urgent it is for this drug, whether it announces failure, whether it latches.

The entries themselves are data in `devices.alarm_table`.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from devices.alarm_code import Alarm, AlarmClass, AlarmCode, Meaning, Priority
from devices.alarm_table import ALARM_TABLE
from devices.drugs import DANGEROUS_TO_LOSE, withdrawal_risk

__all__ = [
    "ALARMS",
    "BUILT_IN_NOTICE",
    "LATCHED",
    "Alarm",
    "AlarmClass",
    "AlarmCode",
    "Meaning",
    "Priority",
    "meaning",
    "notice_reason",
    "priority",
]

ALARMS: Final[Mapping[AlarmCode, Alarm]] = MappingProxyType({alarm.code: alarm for alarm in ALARM_TABLE})
"""Every alarm by its code."""

BUILT_IN_NOTICE: Final[frozenset[AlarmCode]] = frozenset(alarm.code for alarm in ALARM_TABLE if alarm.announces_failure)
"""The alarms by which a component of the pump announces that it is failing; `notice_reason` says why."""

LATCHED: Final[frozenset[AlarmCode]] = frozenset(alarm.code for alarm in ALARM_TABLE if alarm.latched)
"""The alarms that stay open after the pump stops reporting them, until a person has looked."""


def priority(code: AlarmCode, drug: str | None) -> Priority:
    """Return how soon somebody must act on the alarm, for the drug in the pump.

    Any alarm that interrupts delivery is HIGH for baclofen, clonidine and the opioids, for a mixture that holds one of
    them, and for a drug that is not known or not in the catalogue: what is unknown is treated as the most dangerous.
    """
    alarm = ALARMS[code]
    if alarm.interrupts and withdrawal_risk(drug) in DANGEROUS_TO_LOSE:
        return Priority.HIGH
    return alarm.priority


def meaning(code: AlarmCode) -> Meaning:
    """Return the words for the nurse: title, what it means, what to do next."""
    return ALARMS[code].meaning


def notice_reason(code: AlarmCode) -> str:
    """Return why the alarm is, or is not, a built-in notice of impending failure."""
    return ALARMS[code].notice_reason
