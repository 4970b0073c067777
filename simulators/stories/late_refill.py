"""The patient misses the appointment by two weeks and is refilled before the pump is empty."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(findings=frozenset({"late_refill"}), worklist=frozenset({"draft", "finding"}))

STORY: Final = Story(
    name="late_refill",
    title="A refill comes late",
    days=70.0,
    expects=EXPECTS,
    script=((40.0, h.RefillsMissed(23)),),
)
