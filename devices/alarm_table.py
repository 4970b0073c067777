"""The alarms as data, one entry each. What is decided with them stands in `devices.alarms`.

A built-in notice of impending failure is an alarm by which a component of the pump says that it is failing or is about
to end. An alarm about what the pump contains, what it pushes against or what was done to it is not such a notice,
however dangerous it may be for the patient today.
"""

from typing import Final

from devices.alarm_code import Alarm, AlarmClass, AlarmCode, Meaning, Priority

ALARM_TABLE: Final[tuple[Alarm, ...]] = (
    Alarm(
        code=AlarmCode.LOW_RESERVOIR,
        alarm_class=AlarmClass.NON_CRITICAL,
        priority=Priority.MEDIUM,
        interrupts=False,
        announces_failure=False,
        notice_reason="It speaks of the drug left, not of the pump; a refill ends it.",
        meaning=Meaning(
            "Reservoir low",
            "The reservoir has reached its low-reservoir alarm and will run out within days.",
            "Compare the forecast empty date with the booked refill, and bring the refill forward if it is later.",
        ),
        source="S5",
    ),
    Alarm(
        code=AlarmCode.EMPTY_RESERVOIR,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.MEDIUM,
        interrupts=True,
        announces_failure=False,
        notice_reason="It speaks of the drug left, not of the pump; a refill ends it.",
        meaning=Meaning(
            "Reservoir empty",
            "The reservoir is empty and the patient gets no drug.",
            "Call the patient now, ask about withdrawal and arrange a refill today. Mark that refill as "
            "high-risk: nothing can be drawn back from an empty reservoir to prove where the needle is.",
        ),
        source="S5",
    ),
    Alarm(
        code=AlarmCode.ELECTIVE_REPLACEMENT,
        alarm_class=AlarmClass.NON_CRITICAL,
        priority=Priority.MEDIUM,
        interrupts=False,
        announces_failure=True,
        notice_reason="The battery's own indicator exists to announce its end while there is still time to operate.",
        meaning=Meaning(
            "Battery at ERI (replace soon)",
            "The battery has reached its elective replacement indicator: the pump still runs, but usually "
            "stops within 90 days.",
            "Schedule the replacement; the pump may stop early.",
        ),
        source="S1",
    ),
    Alarm(
        code=AlarmCode.END_OF_SERVICE,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.HIGH,
        interrupts=True,
        announces_failure=True,
        notice_reason="The pump itself declares that its service life is over.",
        meaning=Meaning(
            "End of service",
            "The battery has ended, and the pump has stopped or is stopping for good.",
            "Call the patient now, bridge the drug by another route and arrange the replacement at once.",
        ),
        source="S1",
    ),
    Alarm(
        code=AlarmCode.MOTOR_STALL,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.HIGH,
        interrupts=True,
        announces_failure=False,
        notice_reason=(
            "A magnetic field stalls a healthy motor, which then restarts by itself: the alarm reports an "
            "interruption, not its cause. Whether the motor is failing is for a person to find and to document."
        ),
        meaning=Meaning(
            "Motor stalled",
            "The motor does not turn and the patient gets no drug.",
            "Ask about an MRI in the last day and about withdrawal, interrogate the pump, and have the patient "
            "seen if it does not recover.",
        ),
        source="S5",
    ),
    Alarm(
        code=AlarmCode.STOPPED_OVER_48H,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.HIGH,
        interrupts=True,
        announces_failure=False,
        notice_reason="A pump stands still because it was stopped or left stopped by a session "
        "as well as by a fault: the alarm counts hours and names no component.",
        meaning=Meaning(
            "Stopped for over 48 hours",
            "The pump has not delivered for more than 48 hours.",
            "Find out whether a programming session ended half done. Interrogate the pump and restart it as "
            "prescribed, or have the patient seen.",
        ),
        source="S5",
    ),
    Alarm(
        code=AlarmCode.LOW_BATTERY_RESET,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.HIGH,
        interrupts=True,
        announces_failure=True,
        notice_reason="A reset for want of voltage is the pump's own finding that the battery no longer "
        "carries it; it may come with no replacement indicator before it.",
        meaning=Meaning(
            "Reset by low battery",
            "The voltage fell so low that the pump reset itself, and its rate may now be far below the prescription.",
            "Call the patient now, interrogate the pump, and treat the battery as failing even if no replacement "
            "indicator was seen.",
        ),
        source="S3",
    ),
    Alarm(
        code=AlarmCode.CRITICAL_MEMORY_ERROR,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.HIGH,
        interrupts=True,
        announces_failure=True,
        notice_reason=(
            "The pump's self-test has found a component failing and has taken the pump out of normal running."
        ),
        meaning=Meaning(
            "Critical memory error",
            "The pump found its own memory damaged and went to a safe state; it may not deliver as programmed.",
            "Call the patient now and interrogate the pump. Plan the replacement if its memory cannot be restored.",
        ),
        source="S5",
    ),
    Alarm(
        code=AlarmCode.MEMORY_ERROR,
        alarm_class=AlarmClass.NON_CRITICAL,
        priority=Priority.LOW,
        interrupts=False,
        announces_failure=False,
        notice_reason="The pump bridged the fault and runs on; a single such error announces nothing.",
        meaning=Meaning(
            "Memory error",
            "The pump found and bridged a fault in its memory; delivery goes on.",
            "Check the programmed settings at the next contact.",
        ),
        source=None,
    ),
    Alarm(
        code=AlarmCode.TUBE_SET,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.HIGH,
        interrupts=True,
        announces_failure=False,
        notice_reason="It is worked out from how long the pump stood still; no component has been found failing.",
        meaning=Meaning(
            "Tubing at risk",
            "The pump stood still for so long that its tubing may keep the shape and deliver wrongly.",
            "Interrogate the pump, and check the delivered volume before relying on it again.",
        ),
        source=None,
    ),
    Alarm(
        code=AlarmCode.CATHETER_OCCLUSION,
        alarm_class=AlarmClass.CRITICAL,
        priority=Priority.MEDIUM,
        interrupts=True,
        announces_failure=False,
        notice_reason="It speaks of the catheter; the pump that reports it is working.",
        meaning=Meaning(
            "Catheter blocked",
            "The pump pushes against a blocked catheter, and the patient gets little or no drug.",
            "Call the patient now, ask about withdrawal and arrange a study of the catheter.",
        ),
        source=None,
    ),
)
