"""The two answers that a forecast gives: an interval of moments, or that it cannot be known and why."""

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True)
class Interval:
    """When something is expected: earliest, middle and latest moment (aware UTC), in order.

    Four times in five it comes between `low` and `high`, and as often before `median` as after it.
    """

    low: datetime
    median: datetime
    high: datetime

    def __post_init__(self) -> None:
        if not self.low <= self.median <= self.high:
            raise ValueError("the moments of an interval stand in order")

    def shifted(self, by: timedelta) -> "Interval":
        """Return the interval as much later (or earlier) throughout."""
        return Interval(self.low + by, self.median + by, self.high + by)

    def holds(self, moment: datetime) -> bool:
        """Return whether the moment lies inside, the ends included."""
        return self.low <= moment <= self.high


@dataclass(frozen=True, slots=True)
class Unknown:
    """There is no forecast: why, and what would make one possible. Shown as loudly as a forecast."""

    reason: str
    would_help: str

    def __str__(self) -> str:
        """The reason, then what would help."""
        return f"{self.reason} {self.would_help}"
