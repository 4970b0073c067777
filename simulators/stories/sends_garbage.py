"""Random bytes, truncated reports and impossible values among good reports; each is stored with its reason."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(rejected=True)

STORY: Final = Story(
    name="sends_garbage",
    title="A communicator that sends garbage",
    days=20.0,
    expects=EXPECTS,
    script=((10.0, h.GarbageSent(40)),),
    visits=False,
)
