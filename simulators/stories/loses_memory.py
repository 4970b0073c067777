"""It forgets its count and begins a new epoch at 1; nothing is taken for a repetition."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(epochs=2)

STORY: Final = Story(
    name="loses_memory",
    title="A communicator that loses its memory",
    days=20.0,
    expects=EXPECTS,
    script=((10.0, h.MemoryLoss()),),
    visits=False,
)
