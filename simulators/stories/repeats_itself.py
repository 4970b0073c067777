"""Every message is sent three times, out of order; it counts once."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects()

STORY: Final = Story(
    name="repeats_itself",
    title="A communicator that repeats itself",
    days=20.0,
    expects=EXPECTS,
    script=((5.0, h.Repetition(3)),),
    visits=False,
)
