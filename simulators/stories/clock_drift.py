"""The communicator's clock gains a minute a day, until its reports come from the future and are refused."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(rejected=True)

STORY: Final = Story(
    name="clock_drift",
    title="A clock that runs fast",
    days=16.0,
    expects=EXPECTS,
    script=((5.0, h.ClockDrift(60.0)),),
    visits=False,
)
