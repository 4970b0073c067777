"""The pump reports a memory error for a month and nobody answers."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(
    alarms=frozenset({AlarmCode.MEMORY_ERROR}),
    findings=frozenset({"alarm_unattended"}),
    worklist=frozenset({"finding", "memory"}),
)

STORY: Final = Story(
    name="alarm_unattended",
    title="An alarm that nobody attends to",
    days=40.0,
    expects=EXPECTS,
    script=((10.0, h.Fault("memory_error")),),
    visits=False,
)
