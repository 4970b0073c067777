"""The alarms a pump can report: how urgent each is for this drug, what it means, and what to do next.

The codes are the wire's. The class (critical or not) is the one the pump itself uses; the priority is the clinic's,
by alarm *and* drug, because an empty pump of baclofen can kill within days while one of saline cannot.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from types import MappingProxyType
from typing import Final

from devices.drugs import withdrawal_risk
from devices.risk import WithdrawalRisk


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
    """How soon somebody must act; the words are those of IEC 60601-1-8, and a higher number is more urgent."""

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
        """Both sentences, the meaning first."""
        return f"{self.means} {self.next_step}"


@dataclass(frozen=True, slots=True)
class Alarm:
    """All that is fixed about one alarm; `source` is a key of `devices.sources`, None where no source was found.

    `priority` is the least priority for a drug whose loss is not dangerous; `priority_opioid` and `priority_unknown`
    follow from `interrupts`: an alarm that means the drug no longer flows as programmed is HIGH for baclofen,
    clonidine and any drug not known.
    """

    code: AlarmCode
    alarm_class: AlarmClass
    priority: Priority
    interrupts: bool
    latched: bool
    meaning: Meaning
    source: str | None
    built_in_notice: str | None = None


def _alarm(
    code: AlarmCode,
    alarm_class: AlarmClass,
    priority: Priority,
    title: str,
    means: str,
    next_step: str,
    *,
    interrupts: bool = False,
    latched: bool = False,
    source: str | None = None,
    built_in_notice: str | None = None,
) -> tuple[AlarmCode, Alarm]:
    words = Meaning(title, means, next_step)
    return code, Alarm(code, alarm_class, priority, interrupts, latched, words, source, built_in_notice)


CRITICAL, NON_CRITICAL = AlarmClass.CRITICAL, AlarmClass.NON_CRITICAL

ALARMS: Final[Mapping[AlarmCode, Alarm]] = MappingProxyType(
    dict(
        [
            _alarm(
                AlarmCode.LOW_RESERVOIR,
                NON_CRITICAL,
                Priority.MEDIUM,
                "Reservoir low",
                "The reservoir has reached its low mark; the drug will run out within days.",
                "Compare the forecast of the empty date with the booked refill and bring the refill forward if it is later.",
                source="S5",
            ),
            _alarm(
                AlarmCode.EMPTY_RESERVOIR,
                CRITICAL,
                Priority.MEDIUM,
                "Reservoir empty",
                "The reservoir is empty and the patient gets no drug.",
                "Call the patient now, ask about withdrawal, arrange a refill today; an empty reservoir makes the next refill a "
                "high-risk one, since nothing can be drawn back to prove where the needle is.",
                interrupts=True,
                latched=True,
                source="S5",
            ),
            _alarm(
                AlarmCode.ELECTIVE_REPLACEMENT,
                NON_CRITICAL,
                Priority.MEDIUM,
                "Replacement indicator reached",
                "The battery has reached its elective replacement indicator; the pump still runs but will stop, as a rule "
                "after 90 days.",
                "Plan the replacement, date the surgery, and watch for an earlier stop.",
                source="S1",
                built_in_notice="The indicator exists to announce the end of the battery while there is time to operate; "
                "the pump stops after it whatever its state today.",
            ),
            _alarm(
                AlarmCode.END_OF_SERVICE,
                CRITICAL,
                Priority.HIGH,
                "End of service",
                "The battery has ended and the pump has stopped or is about to stop for good.",
                "Call the patient now, bridge the drug by another route, and arrange replacement at once.",
                interrupts=True,
                latched=True,
                source="S1",
                built_in_notice="The pump itself declares that its service life is over.",
            ),
            _alarm(
                AlarmCode.MOTOR_STALL,
                CRITICAL,
                Priority.HIGH,
                "Motor stalled",
                "The motor does not turn and the patient gets no drug.",
                "Ask about an MRI in the last day and about withdrawal; interrogate the pump, and send the patient in if it "
                "does not recover.",
                interrupts=True,
                latched=True,
                source="S5",
            ),
            _alarm(
                AlarmCode.STOPPED_OVER_48H,
                CRITICAL,
                Priority.HIGH,
                "Stopped for over 48 hours",
                "The pump has not delivered for more than 48 hours.",
                "Find out whether a session ended half done; interrogate the pump and restart it as prescribed, or have it seen.",
                interrupts=True,
                latched=True,
                source="S5",
            ),
            _alarm(
                AlarmCode.LOW_BATTERY_RESET,
                CRITICAL,
                Priority.HIGH,
                "Reset by low battery",
                "The battery voltage fell so low that the pump reset itself; its rate may now be far below the prescription.",
                "Call the patient now, interrogate the pump, and treat the battery as failing even if no replacement "
                "indicator was seen.",
                interrupts=True,
                source="S3",
                built_in_notice="A reset for want of voltage is the pump's own finding that its battery no longer carries "
                "it; it may come with no replacement indicator before it.",
            ),
            _alarm(
                AlarmCode.CRITICAL_MEMORY_ERROR,
                CRITICAL,
                Priority.HIGH,
                "Critical memory error",
                "The pump found its own memory damaged and went to a safe state; it may not deliver as programmed.",
                "Call the patient now and interrogate the pump; plan replacement if the memory cannot be restored.",
                interrupts=True,
                source="S5",
                built_in_notice="The pump's self-test has found a component failing and has taken the pump out of normal "
                "running because of it.",
            ),
            _alarm(
                AlarmCode.MEMORY_ERROR,
                NON_CRITICAL,
                Priority.LOW,
                "Memory error",
                "The pump found and bridged a fault in its memory; delivery goes on.",
                "Check the programmed settings at the next contact.",
            ),
            _alarm(
                AlarmCode.TUBE_SET,
                CRITICAL,
                Priority.HIGH,
                "Tubing at risk",
                "The pump stood still so long that its tubing may have taken a set and deliver wrongly.",
                "Interrogate the pump and check the delivered volume before relying on it again.",
                interrupts=True,
            ),
            _alarm(
                AlarmCode.CATHETER_OCCLUSION,
                CRITICAL,
                Priority.HIGH,
                "Catheter blocked",
                "The pump pushes against a blocked catheter; the patient gets little or no drug.",
                "Call the patient now, ask about withdrawal, and arrange a study of the catheter.",
                interrupts=True,
            ),
        ]
    )
)

BUILT_IN_NOTICE: Final[Mapping[AlarmCode, str]] = MappingProxyType(
    {code: alarm.built_in_notice for code, alarm in ALARMS.items() if alarm.built_in_notice is not None}
)
LATCHED: Final[frozenset[AlarmCode]] = frozenset(code for code, alarm in ALARMS.items() if alarm.latched)
