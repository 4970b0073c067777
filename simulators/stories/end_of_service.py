"""The indicator comes, nobody replaces the pump, and 90 days later it stops for good."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators.story import Expects, Story

EXPECTS: Final = Expects(
    alarms=frozenset({AlarmCode.ELECTIVE_REPLACEMENT, AlarmCode.END_OF_SERVICE}),
    findings=frozenset({"alarm_unattended"}),
    worklist=frozenset({"battery", "draft", "finding", "replacement"}),
)

STORY: Final = Story(
    name="end_of_service",
    title="The battery ends",
    days=96.0,
    expects=EXPECTS,
    age_days=1900.0,
    battery_percent=10.2,
)
