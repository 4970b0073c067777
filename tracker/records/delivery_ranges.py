"""Which messages of one pump and epoch are in: exactly, with their gaps."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from typing import Final

MAX_RANGES: Final = 10_000
"""Separate ranges kept above a gap; a message that would open one more waits until gaps have closed."""

MAX_MISSING: Final = 64
"""Gaps that a receipt can name."""


class TooManyGaps(Exception):
    """The message would open more gaps than are kept; it is to be sent again when some have closed."""


class Marks:
    """All of 1..``contiguous``, and the closed ranges ``beyond`` it: ascending, apart from each other by a gap."""

    __slots__ = ("_firsts", "_lasts", "contiguous")

    def __init__(self, contiguous: int = 0, beyond: Iterable[Iterable[int]] = ()) -> None:
        self.contiguous = contiguous
        self._firsts: list[int] = []
        self._lasts: list[int] = []
        for first, last in beyond:
            self._firsts.append(first)
            self._lasts.append(last)

    def __contains__(self, seq: int) -> bool:
        """Whether the message of that number is in."""
        if seq <= self.contiguous:
            return seq > 0
        at = bisect_right(self._firsts, seq) - 1
        return at >= 0 and seq <= self._lasts[at]

    def add(self, seq: int) -> bool:
        """Mark the message as in. False when it already was. Raises ``TooManyGaps``."""
        if seq == self.contiguous + 1:
            self.contiguous = seq
            if self._firsts and self._firsts[0] == seq + 1:
                self.contiguous = self._lasts.pop(0)
                self._firsts.pop(0)
            return True
        if seq in self or seq < 1:
            return False
        firsts, lasts = self._firsts, self._lasts
        at = bisect_right(firsts, seq)
        joins_left = at > 0 and lasts[at - 1] == seq - 1
        joins_right = at < len(firsts) and firsts[at] == seq + 1
        if joins_left and joins_right:
            lasts[at - 1] = lasts.pop(at)
            firsts.pop(at)
        elif joins_left:
            lasts[at - 1] = seq
        elif joins_right:
            firsts[at] = seq
        else:
            if len(firsts) >= MAX_RANGES:
                raise TooManyGaps
            firsts.insert(at, seq)
            lasts.insert(at, seq)
        return True

    @property
    def beyond(self) -> list[list[int]]:
        """The ranges above the first gap, as they are stored."""
        return [[first, last] for first, last in zip(self._firsts, self._lasts, strict=True)]

    @property
    def is_empty(self) -> bool:
        """Whether no message of the epoch is in."""
        return self.contiguous == 0 and not self._firsts

    @property
    def gaps(self) -> int:
        """How many gaps there are."""
        return len(self._firsts)

    def receipt(self) -> tuple[int, tuple[tuple[int, int], ...]]:
        """What a receipt says: (contiguous, missing). It speaks of the oldest 64 gaps and stops before the next one."""
        missing: list[tuple[int, int]] = []
        reached = self.contiguous
        for first, last in zip(self._firsts, self._lasts, strict=True):
            if len(missing) == MAX_MISSING:
                break
            missing.append((reached + 1, first - 1))
            reached = last
        return reached, tuple(missing)
