"""The rotor stops in the field, restarts an hour later, and the clinic checks the pump the same day."""

from typing import Final

from devices.alarm_code import AlarmCode
from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(alarms=frozenset({AlarmCode.MOTOR_STALL}), worklist=frozenset({"delivery", "draft"}))

STORY: Final = Story(
    name="mri",
    title="An MRI",
    days=12.0,
    expects=EXPECTS,
    script=((10.0, h.Mri(1.0, 3.0)),),
    visits=False,
)
