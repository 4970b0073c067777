"""A communicator's login that more than one device may use, by what its messages show."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

QUIET_FOR: Final = timedelta(hours=6)
"""So long after the last sign it counts as over. Assumed."""


@dataclass(frozen=True, slots=True)
class SharedSignIn:
    """Since when there are signs, the newest, and of what kind.

    ``numbers``: one message number came with two contents. ``epochs``: an older count of messages goes on beside a
    newer one, which one device can't do. ``connections``: the communicator signs in again and again.
    """

    since: datetime
    newest: datetime
    signs: tuple[str, ...]

    def lasts(self, now: datetime) -> bool:
        """Whether the signs are so new that they count."""
        return now < self.newest + QUIET_FOR
