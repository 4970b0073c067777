"""The patient does not come to be refilled: first the low mark, a week later nothing is left."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(
    alarms=frozenset({AlarmCode.LOW_RESERVOIR, AlarmCode.EMPTY_RESERVOIR}),
    findings=frozenset({"late_refill", "ran_dry"}),
    worklist=frozenset({"finding", "reservoir"}),
)

STORY: Final = Story(
    name="runs_dry",
    title="The reservoir runs dry",
    days=14.0,
    expects=EXPECTS,
    script=((0.1, h.RefillsMissed(60)),),
    reservoir_ml=3.5,
)
