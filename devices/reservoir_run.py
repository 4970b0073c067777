"""Volumes of one fill that agree with each other, and whether a further report agrees with them."""

from datetime import datetime
from math import inf, sqrt
from typing import Final

from msgspec import Struct, field

from devices.decline import Decline, advance, correct
from devices.reservoir_points import Refill, ReservoirPoint

WANDER_PER_SQRT_YEAR: Final = 0.005
"""How far the delivered share wanders in a year. Assumption."""

LEAST_RISE_ML: Final = 0.5
SURPRISE_SD: Final = 6.0
_WANDER: Final = WANDER_PER_SQRT_YEAR**2


class Run(Struct):
    """Volumes that agree: the state at the newest event, and where they began.

    `used` is the nominal volume up to the state, `start_used` up to the run's start. `filled_at` is the last fill, and
    `refill` the one on record that says so. `above`: the run began above what was expected then; `previous_ml` was
    reported just before it. `refuted`: a report after the refill still showed the volume from before it.
    """

    state: Decline
    used: float
    start_used: float
    last_at: datetime
    last_ml: float
    filled_at: datetime | None
    above: bool = True
    previous_ml: float = 0.0
    points: list[ReservoirPoint] = field(default_factory=list)
    refill: Refill | None = None
    refuted: bool = False

    @property
    def sure(self) -> bool:
        """Whether a second source says the same."""
        return len(self.points) + (self.refill is not None) > 1

    def advance(self, day: float, used: float) -> None:
        """Go on to that day, the nominal volume used up to then given."""
        self.state = advance(self.state, day - self.state.day, used - self.used, _WANDER)
        self.used = used

    def distance(self, point: ReservoirPoint, error: float) -> float:
        """Return how far a report lies from what is expected, as a share of what may still agree.

        `error` is the variance of one reported volume. No delivery lifts a volume: one that rose never agrees.
        """
        rose = self.points and point.reservoir_ml > self.last_ml + LEAST_RISE_ML
        if rose and point.reservoir_ml > self.last_ml + SURPRISE_SD * sqrt(2 * error):
            return inf
        limit = max(LEAST_RISE_ML, SURPRISE_SD * sqrt(self.state.var_level + error))
        return abs(point.reservoir_ml - max(self.state.level, 0.0)) / limit

    def take(self, point: ReservoirPoint, error: float) -> None:
        """Correct the state by a report. An empty reservoir falls no further and teaches nothing."""
        state = self.state
        if point.reservoir_ml <= 0:
            self.state = Decline(state.day, point.reservoir_ml, state.factor, error, 0.0, state.var_factor)
        else:
            self.state = correct(state, point.reservoir_ml, error)
        self.last_at, self.last_ml = point.at, point.reservoir_ml
        self.points.append(point)

    def goes_on_from(self, earlier: "Run") -> "Run":
        """Return this run as the continuation of an earlier one of the same fill, after a loss or a standstill."""
        self.points = [*earlier.points, *self.points]
        self.start_used = earlier.start_used
        return self
