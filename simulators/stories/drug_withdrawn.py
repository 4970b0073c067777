"""Four millilitres are gone from one report to the next, twice, without any delivery that explains it."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(findings=frozenset({"volume_vanished"}), worklist=frozenset({"finding"}))

STORY: Final = Story(
    name="drug_withdrawn",
    title="Volume vanishes",
    days=22.0,
    expects=EXPECTS,
    script=(
        (10.0, h.Withdrawal(4.0)),
        (18.0, h.Withdrawal(4.0)),
    ),
    visits=False,
)
