"""The words an alarm is described with: its code on the wire, the pump's own class, the clinic's priority."""

from dataclasses import dataclass
from enum import IntEnum, StrEnum


class AlarmCode(StrEnum):
    """One condition that a pump reports as active."""

    LOW_RESERVOIR = "low_reservoir"
    EMPTY_RESERVOIR = "empty_reservoir"
    ELECTIVE_REPLACEMENT = "elective_replacement"
    END_OF_SERVICE = "end_of_service"
    MOTOR_STALL = "motor_stall"
    STOPPED_OVER_48H = "stopped_over_48h"
    LOW_BATTERY_RESET = "low_battery_reset"
    CRITICAL_MEMORY_ERROR = "critical_memory_error"
    MEMORY_ERROR = "memory_error"
    TUBE_SET = "tube_set"
    CATHETER_OCCLUSION = "catheter_occlusion"


class Priority(IntEnum):
    """How soon somebody must act, in the words of IEC 60601-1-8; a higher number is more urgent."""

    LOW = 1
    MEDIUM = 2
    HIGH = 3


class AlarmClass(StrEnum):
    """The class that the pump itself gives an alarm."""

    CRITICAL = "critical"
    NON_CRITICAL = "non_critical"


@dataclass(frozen=True, slots=True)
class Meaning:
    """Words for the nurse who reads the alarm: what it is called, what it means, what to do next."""

    title: str
    means: str
    next_step: str

    def __str__(self) -> str:
        """What it means, then what to do."""
        return f"{self.means} {self.next_step}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """All that is fixed about one alarm.

    `priority` holds for a drug whose loss is not dangerous. `interrupts` says that the drug may no longer flow as
    programmed, which is HIGH whenever losing the drug is dangerous. `announces_failure` says whether the alarm is a
    component's own notice that the pump is about to fail, and `notice_reason` why, or why not. `source` (a key of
    `devices.sources`) supports the class; None means that no source was found.
    """

    code: AlarmCode
    alarm_class: AlarmClass
    priority: Priority
    interrupts: bool
    announces_failure: bool
    notice_reason: str
    meaning: Meaning
    source: str | None

    @property
    def latched(self) -> bool:
        """Whether it stays open after the pump stops reporting it, until a person has looked.

        What the pump itself calls critical does, and so does every built-in notice: once given, it was given. No entry
        can leave that out.
        """
        return self.alarm_class is AlarmClass.CRITICAL or self.announces_failure
