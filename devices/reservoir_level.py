"""What the reservoir holds: followed through reports and refills on record, of which not every one counts.

One volume far from what was expected may be a fault of the sensor, of the radio or of a number typed: it counts once a
second report or a refill on record says the same. A refill on record counts while no report has come since; once the
reports go on showing the volume from before it, it does not.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from operator import itemgetter
from typing import Final

from devices.decline import Decline
from devices.model import PumpModel
from devices.reservoir_points import Level, Refill, ReservoirPoint, reported_error_ml
from devices.reservoir_run import LEAST_RISE_ML, SURPRISE_SD, Run

FILLED_ERROR_ML: Final = 0.5
"""The error of a volume that a person or a programmer says was filled in, as a standard deviation. Assumption."""

FILL_SD: Final = 0.01
FILL_SD_WITHOUT_FLOW: Final = 0.05
"""How far one fill's delivery differs from the pump's own mean, relative to it: programmed, and merely observed.
Assumptions."""

FILL_ML: Final = 1.0
"""A rise of the volume beyond this is a fill."""

TIME_OF_A_VISIT: Final = timedelta(hours=48)
"""How far the time on record for a refill may lie from its true time. Assumption."""

SHOWN_WITHIN: Final = timedelta(days=3)
"""A refill that the reports have not shown after so long counts no more. Assumption."""


def follow_level(
    model: PumpModel, known: Sequence[ReservoirPoint], refills: Iterable[Refill], flow: float | None = None
) -> Level | None:
    """Return what the reservoir holds after those reports and refills, each in order of time; None without a volume.

    `flow`: the flow to count on where no report tells one, in mL a day; None where the volumes alone must show it.
    """
    of_reports: list[tuple[datetime, int, ReservoirPoint | Refill]] = [(point.at, 0, point) for point in known]
    events = sorted([*of_reports, *((one.at, 1, one) for one in refills)], key=itemgetter(0, 1))
    if not events:
        return None
    follower = _Follower(model, known, events[0][0], flow)
    for at, _, what in events:
        if isinstance(what, ReservoirPoint):
            follower.advance_to(at, what.flow_ml_per_day)
            follower.hear(what)
        else:
            follower.advance_to(at, None)
            follower.be_told(what)
    return follower.level()


class _Follower:
    """Follows the volume through the events: `base` counts, `pending` awaits a second report, `told` a first one."""

    def __init__(self, model: PumpModel, known: Sequence[ReservoirPoint], start: datetime, flow: float | None) -> None:
        flows = [point.flow_ml_per_day for point in known if point.flow_ml_per_day is not None]
        self._factor, self._spread, self._fill_sd = model.delivered.value, model.delivered_sd.value, FILL_SD
        if not flows and flow is None:
            self._factor, self._spread, self._fill_sd = 0.5, 5.0, FILL_SD_WITHOUT_FLOW
        self._capacity = model.capacity_ml
        self._flow = flows[0] if flows else 1.0 if flow is None else flow
        self._error = reported_error_ml(known, self._flow) ** 2
        self._at, self._day, self._used = start, 0.0, 0.0
        self._base: Run | None = None
        self._pending: Run | None = None
        self._told: Run | None = None
        self._without_volume: Refill | None = None
        self._not_shown = False
        self._contradicted: list[Refill] = []
        self._previous_ml = 0.0

    def advance_to(self, at: datetime, flow: float | None) -> None:
        """Add up the nominal volume: programmed mL, or days where no flow is known. Flows change evenly in between."""
        before = self._flow
        if flow is not None:
            self._flow = flow
        days = (at - self._at).total_seconds() / 86_400
        self._at, self._day = at, self._day + days
        self._used += days * (before + self._flow) / 2
        for run in (self._base, self._pending, self._told):
            if run is not None:
                run.advance(self._day, self._used)

    def hear(self, point: ReservoirPoint) -> None:
        """Take a report: to the volumes that it agrees with, else it waits for a second one."""
        self._weigh(point)
        self._previous_ml = point.reservoir_ml

    def _weigh(self, point: ReservoirPoint) -> None:
        base, told = self._base, self._told
        if base is None:
            self._base = self._begin(point, None)
            return
        of_base = base.distance(point, self._error)
        if told is not None and told.distance(point, self._error) < min(of_base, 1.0):
            told.take(point, self._error)
            self._base, self._told, self._pending = told, None, None
        elif of_base <= 1:
            base.take(point, self._error)
            self._pending = None
            self._refute(point)
        elif self._shows_refill(base, point):
            shown = self._begin(point, self._refilled_at(), base)
            shown.refill = self._without_volume if told is None else told.refill
            self._base, self._told, self._pending, self._without_volume = shown, None, None, None
        else:
            self._doubt(base, point)

    def be_told(self, refill: Refill) -> None:
        """Take a refill on record: it counts until reports speak against it."""
        run = self._filled(refill)
        base, pending = self._base, self._pending
        if base is None:
            self._base = run
            return
        seen = pending is not None and pending.last_ml > base.last_ml + FILL_ML
        if pending is not None and seen and self._same_fill(pending.last_at, pending, run):
            pending.filled_at, pending.refill = pending.points[0].at, refill
            self._base, self._pending, self._told = pending, None, None
            return
        if base.filled_at is not None and self._same_fill(base.filled_at, base, run):
            base.refill = base.refill or refill
            return
        if self._told is not None and self._told.filled_at is not None:
            if self._same_fill(self._told.filled_at, self._told, run):
                return
            self._settle(self._told)
        if run is None:
            self._without_volume, self._not_shown = refill, False
        self._told = run

    def level(self) -> Level | None:
        """Say what the volume is by what counts; of two single reports that disagree, the lower one counts."""
        chosen, told = self._base, self._told
        contradicted = list(self._contradicted)
        if told is not None and told.refuted and told.refill is not None:
            contradicted.append(told.refill)
        elif told is not None:
            chosen = told
        if chosen is None:
            return None
        filled_at, odd = chosen.filled_at, None
        unshown = self._without_volume
        if unshown is not None and self._not_shown:
            contradicted.append(unshown)
        elif unshown is not None and (filled_at is None or unshown.at > filled_at):
            filled_at = unshown.at
        pending = self._pending
        if pending is not None:
            odd = pending.points[-1]
            if not chosen.sure and pending.state.level < chosen.state.level:
                chosen, odd = pending, None
        rests_on_refill = not chosen.points or (chosen.refill is not None and chosen is told)
        return Level(
            state=chosen.state,
            at=self._at,
            used_ml=max(chosen.state.factor * (self._used - chosen.start_used), 0.0),
            fill=tuple(chosen.points),
            filled_at=filled_at,
            odd=odd,
            by_refill=chosen.refill if rests_on_refill else None,
            contradicted=tuple(contradicted),
        )

    def _begin(self, point: ReservoirPoint, filled_at: datetime | None, after: Run | None = None) -> Run:
        """Start again from a report, with what was learnt of the pump's delivery."""
        state = Decline(self._day, point.reservoir_ml, self._factor, self._error, 0.0, self._spread**2)
        above = True
        if after is not None:
            rose = point.reservoir_ml > after.last_ml + LEAST_RISE_ML
            learnt, spread = after.state.factor, after.state.var_factor
            spread += (self._fill_sd * learnt) ** 2 if rose else 0.0
            state = Decline(self._day, point.reservoir_ml, learnt, self._error, 0.0, spread)
            above = point.reservoir_ml > max(after.state.level, 0.0)
        before = self._previous_ml
        return Run(state, self._used, self._used, point.at, point.reservoir_ml, filled_at, above, before, [point])

    def _filled(self, refill: Refill) -> Run | None:
        """Start again from what a refill put in; None where nobody said how much."""
        if refill.filled_ml is None:
            return None
        volume = min(refill.filled_ml, self._capacity)
        factor, spread = self._factor, self._spread**2
        if self._base is not None:
            factor = self._base.state.factor
            spread = self._base.state.var_factor + (self._fill_sd * factor) ** 2
        state = Decline(self._day, volume, factor, FILLED_ERROR_ML**2, 0.0, spread)
        return Run(state, self._used, self._used, refill.at, volume, refill.at, refill=refill)

    def _doubt(self, base: Run, point: ReservoirPoint) -> None:
        """Note a report that fits nothing; two in turn that both refute the old volume, on one side of it, count."""
        pending = self._pending
        if pending is not None and pending.distance(point, self._error) <= 1:
            pending.take(point, self._error)
            self._base = self._adopted(base, pending)
            self._pending = None
            return
        above = point.reservoir_ml > max(base.state.level, 0.0)
        if pending is None or pending.above is not above:
            self._pending = self._begin(point, None, base)
            return
        base = self._adopted(base, pending)
        newer = self._begin(point, base.filled_at, base)
        higher = newer.above
        self._base, self._pending = (base, newer) if higher else (newer.goes_on_from(base), None)

    def _adopted(self, base: Run, pending: Run) -> Run:
        """Let the pending reports count: as a fill where the volume rose to them, else as going on from the old one."""
        if pending.above and pending.points[0].reservoir_ml > pending.previous_ml + FILL_ML:
            pending.filled_at = self._refilled_at() or pending.points[0].at
            self._told, self._without_volume = None, None
            return pending
        pending.filled_at, pending.refill = base.filled_at, base.refill
        if self._told is not None:
            self._told.refuted = True
            self._settle(self._told)
        return pending.goes_on_from(base)

    def _settle(self, told: Run) -> None:
        """End the wait for a report after a refill: it counts where none spoke against it."""
        self._told = None
        if told.refuted and told.refill is not None:
            self._contradicted.append(told.refill)
        else:
            self._base, self._pending = told, None

    def _refute(self, point: ReservoirPoint) -> None:
        """Note that a report after a refill on record still shows the volume from before."""
        told, unshown = self._told, self._without_volume
        if told is not None:
            told.refuted = True
            if told.refill is not None and point.at - told.refill.at > SHOWN_WITHIN:
                self._settle(told)
        if unshown is not None:
            self._not_shown = True
            if point.at - unshown.at > SHOWN_WITHIN:
                self._contradicted.append(unshown)
                self._without_volume = None

    def _refilled_at(self) -> datetime | None:
        """When the refill was that waits to be shown."""
        if self._told is not None:
            return self._told.filled_at
        return None if self._without_volume is None else self._without_volume.at

    def _shows_refill(self, base: Run, point: ReservoirPoint) -> bool:
        """Whether a volume that rose is that of the refill on record; one above what was filled in is doubted."""
        at, told = self._refilled_at(), self._told
        if at is None or point.at - at > SHOWN_WITHIN or point.reservoir_ml <= base.last_ml + FILL_ML:
            return False
        return told is None or point.reservoir_ml <= max(told.state.level, 0.0)

    def _same_fill(self, at: datetime, one: Run, other: Run | None) -> bool:
        """Whether a refill on record is a fill that was seen, or reported, already."""
        if self._at - at > TIME_OF_A_VISIT:
            return False
        return other is None or abs(one.state.level - other.state.level) <= SURPRISE_SD * FILLED_ERROR_ML
