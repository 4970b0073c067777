"""Communicators that are blocked for a while because they opened far more sessions than any pump needs."""

from __future__ import annotations

from collections.abc import Mapping

from tracker.broker.sessions import SHUT_OUT_FROM

WITHIN_SECONDS = 60.0
FIRST_SECONDS = 60.0
LONGEST_SECONDS = 15 * 60.0
_FORGOTTEN_SECONDS = 3600.0
_TWICE = 2.0


class ShutOut:
    """Who may not sign in until when. Times are of a clock that never goes back, in seconds.

    Each time is twice as long as the one before, until a user behaved for an hour. What its pump measures meanwhile
    waits on the communicator's disk, and the pump's silence is seen as any other's.
    """

    def __init__(self) -> None:
        self._until: dict[str, float] = {}
        self._lately: dict[str, list[tuple[float, int]]] = {}
        self._lasted: dict[str, float] = {}

    def note(self, surplus_by_user: Mapping[str, int], now: float) -> list[str]:
        """Take in what one look at the sessions has found; return who is kept out from now on.

        What counts is the sum of the looks of the last minute, so that a slow flood is one too.
        """
        new = []
        for user, count in surplus_by_user.items():
            looks = [*(each for each in self._lately.get(user, ()) if now - each[0] <= WITHIN_SECONDS), (now, count)]
            self._lately[user] = looks
            if sum(found for _, found in looks) < SHUT_OUT_FROM or self._until.get(user, now) > now:
                continue
            del self._lately[user]
            calm = now - self._until.get(user, now) > _FORGOTTEN_SECONDS
            lasts = FIRST_SECONDS if calm or user not in self._lasted else self._lasted[user] * _TWICE
            self._lasted[user] = min(lasts, LONGEST_SECONDS)
            self._until[user] = now + self._lasted[user]
            new.append(user)
        return new

    def out(self, now: float) -> frozenset[str]:
        """Who is kept out now."""
        return frozenset(user for user, until in self._until.items() if until > now)
