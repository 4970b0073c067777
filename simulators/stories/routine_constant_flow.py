"""A pump driven by gas: no battery, no alarms, a refill in time."""

from typing import Final

from simulators.story import Expects, Story

EXPECTS: Final = Expects(worklist=frozenset({"draft"}))

STORY: Final = Story(
    name="routine_constant_flow",
    title="An ordinary constant-flow pump",
    days=30.0,
    expects=EXPECTS,
    model_id="codman-3000",
)
