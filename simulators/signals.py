"""Ctrl-C and a polite kill end a simulation at the next turn of its loop, with the journal in order."""

import signal
from types import FrameType


class Stopping:
    """Answers whether the process was asked to end. A second Ctrl-C ends it without ceremony."""

    def __init__(self) -> None:
        self._asked = False
        for number in (signal.SIGINT, signal.SIGTERM):
            signal.signal(number, self._ask)

    def _ask(self, number: int, _frame: FrameType | None) -> None:
        self._asked = True
        signal.signal(number, signal.SIG_DFL)

    def __call__(self) -> bool:
        """Whether to end now."""
        return self._asked
