"""A session says that the pump was refilled, and the volume goes on falling as before."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(findings=frozenset({"refill_not_seen"}), worklist=frozenset({"draft", "finding"}))

STORY: Final = Story(
    name="refill_not_seen",
    title="A logged refill that the reservoir never shows",
    days=43.0,
    expects=EXPECTS,
    script=((40.0, h.RefillNotDone()),),
    visits=False,
)
