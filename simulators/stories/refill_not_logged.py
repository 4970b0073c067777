"""The reservoir is full again and no session or visit says why."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(findings=frozenset({"unlogged_refill"}), worklist=frozenset({"finding"}))

STORY: Final = Story(
    name="refill_not_logged",
    title="A refill that nobody logged",
    days=45.0,
    expects=EXPECTS,
    script=((40.0, h.UnloggedRefill()),),
    visits=False,
)
