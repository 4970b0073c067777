"""Nothing is received for ten days while the pump runs on unseen."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(worklist=frozenset({"contact"}))

STORY: Final = Story(
    name="goes_silent",
    title="The communicator goes silent",
    days=20.0,
    expects=EXPECTS,
    script=((10.0, h.Silence(30.0)),),
    visits=False,
)
