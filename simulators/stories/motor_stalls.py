"""The motor stands still and does not start again."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(alarms=frozenset({AlarmCode.MOTOR_STALL}), worklist=frozenset({"delivery", "replacement"}))

STORY: Final = Story(
    name="motor_stalls",
    title="The motor stalls for good",
    days=11.0,
    expects=EXPECTS,
    script=((10.0, h.Stall(None)),),
    visits=False,
)
