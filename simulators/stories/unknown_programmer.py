"""A programmer that the clinic does not own halves the dose."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(findings=frozenset({"unknown_programmer"}), worklist=frozenset({"draft", "finding"}))

STORY: Final = Story(
    name="unknown_programmer",
    title="Programmed by an unknown programmer",
    days=15.0,
    expects=EXPECTS,
    script=((10.0, h.StrangeProgrammer(0.5)),),
    visits=False,
)
