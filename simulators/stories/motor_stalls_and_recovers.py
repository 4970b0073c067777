"""The motor stands for five hours and starts again; somebody must still look at it."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(alarms=frozenset({AlarmCode.MOTOR_STALL}), worklist=frozenset({"delivery"}))

STORY: Final = Story(
    name="motor_stalls_and_recovers",
    title="The motor stalls and recovers",
    days=12.0,
    expects=EXPECTS,
    script=((10.0, h.Stall(5.0)),),
    visits=False,
)
