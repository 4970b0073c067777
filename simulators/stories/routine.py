"""Nothing but reports and a refill in time: the measure of what the worklist costs when all is well."""

from typing import Final

from simulators.story import Expects, Story

EXPECTS: Final = Expects(worklist=frozenset({"draft"}))

STORY: Final = Story(
    name="routine",
    title="An ordinary pump",
    days=75.0,
    expects=EXPECTS,
)
