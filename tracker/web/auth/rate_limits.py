"""Rate limits by token buckets in this process, and the largest sizes of request bodies."""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Final

from tracker.errors import TrackerError

BODY_BYTES = 64 * 1024
IMPORT_BYTES = 5 * 1024 * 1024
IMPORT_PATHS = frozenset({"/pumps/import"})


def body_limit(path: str) -> int:
    """The most bytes that a request to that path may carry."""
    return IMPORT_BYTES if path.rstrip("/") in IMPORT_PATHS else BODY_BYTES


class TooMany(TrackerError):
    """Asked too often; ``retry_after_s`` says when to ask again."""

    status = 429
    title = "Too many requests"

    def __init__(self, retry_after_s: float) -> None:
        self.retry_after_s = max(1, round(retry_after_s + 0.5))
        super().__init__(f"too many requests: try again in {self.retry_after_s} s")


GUESS: Final = 10.0
"""What one guess of a six-digit code costs a stranger's bucket: six at once, then one in ten seconds."""


class Buckets:
    """One token bucket per key: ``burst`` at once, ``per_second`` in the long run. The stalest keys are forgotten."""

    def __init__(
        self, per_second: float, burst: float, *, keys: int = 20_000, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._per_second = per_second
        self._burst = burst
        self._keys = keys
        self._clock = clock
        self._lock = threading.Lock()
        self._levels: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, key: str, amount: float = 1) -> None:
        """Take from the key's bucket; raises ``TooMany`` when it is empty."""
        with self._lock:
            level = self._level(key)
            if level < amount:
                raise TooMany((amount - level) / self._per_second)
            self._levels[key] = (level - amount, self._clock())
            self._levels.move_to_end(key)
            if len(self._levels) > self._keys:
                self._levels.popitem(last=False)

    def give_back(self, key: str, amount: float = 1) -> None:
        """Put back what was taken for something that turned out to be good."""
        with self._lock:
            self._levels[key] = (min(self._burst, self._level(key) + amount), self._clock())
            self._levels.move_to_end(key)

    def check(self, key: str) -> None:
        """Raise ``TooMany`` when the key's bucket is empty, and take nothing."""
        with self._lock:
            level = self._level(key)
        if level < 1:
            raise TooMany((1 - level) / self._per_second)

    def _level(self, key: str) -> float:
        level, at = self._levels.get(key, (self._burst, 0.0))
        return min(self._burst, level + (self._clock() - at) * self._per_second)


class Limits:
    """The application's buckets. Good sign-ins cost nothing, so a whole clinic behind one address is not held up."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self.requests = Buckets(per_second=400, burst=4000, clock=clock)
        self.strangers = Buckets(per_second=1, burst=60, clock=clock)
