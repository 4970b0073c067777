"""An old pump whose battery reaches the indicator; it runs on, and its replacement is to be planned."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators.story import Expects, Story

EXPECTS: Final = Expects(
    alarms=frozenset({AlarmCode.ELECTIVE_REPLACEMENT}), worklist=frozenset({"battery", "replacement"})
)

STORY: Final = Story(
    name="battery_reaches_eri",
    title="The battery reaches its replacement indicator",
    days=20.0,
    expects=EXPECTS,
    age_days=1900.0,
    battery_percent=10.7,
    visits=False,
)
