"""Pass the server's warnings to the tracker's log, at a limited rate."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

_SPAN_SECONDS = 10.0
_LINES_IN_A_SPAN = 20


class Voice:
    """Passes on the first lines of every ten seconds and counts the rest.

    Five thousand communicators that come back at once make the server write two thousand warnings that it is busy.
    ``write`` is a logger's method: an event and named values.
    """

    def __init__(self, write: Callable[..., Any]) -> None:
        self._write = write
        self._since = float("-inf")
        self._passed = 0
        self._held_back = 0

    def say(self, severity: str, words: str, now: float) -> None:
        """One line of the server's; ``now`` is in seconds of a clock that never goes back."""
        if now - self._since >= _SPAN_SECONDS:
            if self._held_back:
                self._write("the broker said more than is shown", lines=self._held_back)
            self._since, self._passed, self._held_back = now, 0, 0
        if self._passed < _LINES_IN_A_SPAN:
            self._passed += 1
            self._write("the broker says", severity=severity, words=words)
        else:
            self._held_back += 1
