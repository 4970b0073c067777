"""The reservoir reaches its low mark and the refill is still to come."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators.story import Expects, Story

EXPECTS: Final = Expects(alarms=frozenset({AlarmCode.LOW_RESERVOIR}), worklist=frozenset({"reservoir"}))

STORY: Final = Story(
    name="reservoir_runs_low",
    title="The reservoir runs low",
    days=5.4,
    expects=EXPECTS,
    reservoir_ml=3.5,
    visits=False,
)
