"""A pump over its budget: what the communicator sends beyond it is not stored, and waits there."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

OVER_FOR: Final = timedelta(minutes=30)
"""So long after the last message that was not taken a pump still counts as over its budget. Assumed.

Longer than the ten minutes after which a communicator that hears of nothing sends again.
"""
NOT_TAKEN: Final = "it is over the pump's budget"
"""How the reason begins, why a message is neither stored nor receipted."""


@dataclass(frozen=True, slots=True)
class OverBudget:
    """A pump that is over its budget: since when, the newest message not taken, how many times, and over which part."""

    since: datetime
    newest: datetime
    times: int
    of: str

    @property
    def not_taken(self) -> str:
        """How many messages were not taken, in words."""
        return "1 message" if self.times == 1 else f"{self.times:,} messages, counted each time that they came"

    def lasts(self, now: datetime) -> bool:
        """Whether it still counts as over."""
        return now < self.newest + OVER_FOR
