"""Five hundred reports of the same moment, each with its own number."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects()

STORY: Final = Story(
    name="floods",
    title="A communicator that floods",
    days=15.0,
    expects=EXPECTS,
    script=((10.0, h.Flood(500)),),
    visits=False,
)
