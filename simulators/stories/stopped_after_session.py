"""A programmer session stops the pump and is never completed; two days later the pump says so."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(
    alarms=frozenset({AlarmCode.STOPPED_OVER_48H}),
    findings=frozenset({"prolonged_stop", "session_not_completed"}),
    worklist=frozenset({"delivery", "draft", "finding"}),
)

STORY: Final = Story(
    name="stopped_after_session",
    title="Left stopped by a session that was not completed",
    days=14.0,
    expects=EXPECTS,
    script=((10.0, h.SessionCutShort(None)),),
    visits=False,
)
