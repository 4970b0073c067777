"""Whether somebody set the clock: the time of day is compared with the clock that only counts on."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Final

SLACK_S: Final = 1.5
"""Below this a clock is corrected in small steps, as time servers do."""


class ClockWatch:
    """Reports each step of the clock once."""

    def __init__(self, wall: Callable[[], float] = time.time, seconds: Callable[[], float] = time.monotonic) -> None:
        self._wall = wall
        self._seconds = seconds
        self._ahead = wall() - seconds()

    def step_s(self) -> float:
        """Seconds by which the clock was set since the last look, forward or (negative) back; 0 where it was not."""
        ahead = self._wall() - self._seconds()
        step, self._ahead = ahead - self._ahead, ahead
        return step if abs(step) > SLACK_S else 0.0
