"""The flow rises by a third and nobody has logged a reprogramming."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(findings=frozenset({"unlogged_reprogramming"}), worklist=frozenset({"finding"}))

STORY: Final = Story(
    name="reprogrammed_unlogged",
    title="A dose that changes with no session",
    days=15.0,
    expects=EXPECTS,
    script=((10.0, h.UnloggedReprogramming(1.33)),),
    visits=False,
)
