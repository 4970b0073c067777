"""Drug leaves unseen by the catheter's way, and the next refill draws back far less than the pump expects."""

from typing import Final

from simulators import events as h
from simulators.story import Expects, Story

EXPECTS: Final = Expects(
    findings=frozenset({"volume_discrepancy", "volume_vanished"}), worklist=frozenset({"draft", "finding"})
)

STORY: Final = Story(
    name="refill_finds_too_little",
    title="A refill finds too little",
    days=60.0,
    expects=EXPECTS,
    script=((20.0, h.Withdrawal(4.0)),),
)
