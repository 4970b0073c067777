"""Forecast of a reservoir: when it reaches its low mark and when it is empty, each as an interval with its basis.

It rests on the volume that counts (`devices.reservoir_level`), on the flow, on all patient boluses that are allotted,
and on what refills showed of the true delivery (`devices.delivery`). When to refill by is decided in `devices.refill`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from math import sqrt
from operator import attrgetter
from statistics import fmean
from typing import Final

from devices.decline import Decline, days_until
from devices.delivery import Delivery, delivery_shown
from devices.figure import Figure
from devices.interval import Interval, Unknown
from devices.model import DeviceKind, PumpModel
from devices.report import Infusion
from devices.reservoir_level import follow_level
from devices.reservoir_points import Level, Refill, ReservoirPoint
from devices.reservoir_run import WANDER_PER_SQRT_YEAR
from devices.volume_course import VolumeCourse

__all__ = ["Level", "Refill", "ReservoirForecast", "ReservoirPoint", "forecast_reservoir", "volume_now"]

LEAST_DAYS_WITHOUT_FLOW: Final = 3.0
STALE_AFTER: Final = timedelta(days=7)
FLOW_WINDOW: Final = timedelta(days=7)
_AT: Final = attrgetter("at")


@dataclass(frozen=True, slots=True)
class ReservoirForecast:
    """When the low mark and the end of the drug are reached, with the sentences this rests on.

    `flow_ml_per_day` is what truly leaves the reservoir. `low_seen`, `empty_seen`: a report shows it reached, and the
    interval says between which reports it was. `beside` holds what is to be said beside any date that follows.
    """

    low: Interval
    empty: Interval
    low_mark_ml: float
    flow_ml_per_day: float
    low_seen: bool
    empty_seen: bool
    basis: tuple[str, ...]
    beside: tuple[str, ...] = ()


def volume_now(
    model: PumpModel,
    readings: Sequence[ReservoirPoint],
    now: datetime,
    refills: Sequence[Refill] = (),
    flow_ml_per_day: float | None = None,
) -> Level | None:
    """Return what the reservoir holds and when it was filled, by the reports and refills up to `now`, in any order.

    None where neither tells a volume. `flow_ml_per_day` is the prescription's, for where no report tells one.
    """
    known = sorted((reading for reading in readings if reading.at <= now), key=_AT)
    past = sorted((one for one in refills if one.at <= now), key=_AT)
    return follow_level(model, known, past, flow_ml_per_day)


def forecast_reservoir(
    model: PumpModel,
    readings: Sequence[ReservoirPoint],
    now: datetime,
    low_mark_ml: float | None = None,
    zone: tzinfo = UTC,
    *,
    refills: Sequence[Refill] = (),
    prescribed_ml_per_day: float | None = None,
    boluses_ml_per_day: float = 0.0,
    level: Level | None = None,
    off: VolumeCourse | None = None,
) -> ReservoirForecast | Unknown:
    """Return when the reservoir reaches its low mark and when it is empty, or why that is unknown.

    `readings` and `refills` in any order; those after `now` are left aside. `low_mark_ml` is the patient's own mark;
    without one the model's holds. A flow that no report tells is the prescribed one, or else learnt from how the volume
    falls. `boluses_ml_per_day` is the volume of all boluses that the patient may take. `level`: what `volume_now` gave
    for the same, if the caller has it. `off`: how the volume falls
    of late, where the flow does not explain it. `zone` is whose days the sentences name.
    """
    mark = model.low_reservoir if low_mark_ml is None else Figure(low_mark_ml, "mL", None)
    if model.kind is DeviceKind.RESERVOIR or mark is None:
        return Unknown(f"A {model.name.lower()} can't report its volume.", "There is nothing to forecast.")
    level = level or volume_now(model, readings, now, refills, prescribed_ml_per_day)
    known = sorted((reading for reading in readings if reading.at <= now), key=_AT)
    if level is None or (not known and prescribed_ml_per_day is None):
        return Unknown("No volume was reported yet.", "A status report would make a forecast possible.")
    low_seen = bool(level.fill) and level.fill[-1].reservoir_ml <= mark.value
    told = _present_flow(known)
    flow = prescribed_ml_per_day if told is None else told
    if level.by_refill is not None and told and prescribed_ml_per_day is not None:
        flow = max(told, prescribed_ml_per_day)  # no report gave the flow since that refill: the faster one counts
    if flow == 0 and low_seen:
        flow = prescribed_ml_per_day or max((r.flow_ml_per_day or 0.0 for r in known), default=0.0)
    if flow == 0:
        return Unknown(
            "The pump reports that nothing flows, so its reservoir does not fall.",
            "When delivery has been restored the next report makes a forecast possible.",
        )
    if flow is None and not _shows_flow(level):
        return Unknown(
            "The flow is not known, and the volumes do not yet show it.",
            "A report with a flow, or some more days of volumes, would make a forecast possible.",
        )
    shown = (
        None
        if flow is None
        else delivery_shown(
            sorted((r for r in refills if r.at <= now), key=_AT), level.state.factor, model.capacity_ml, zone
        )
    )
    course = _Course(level, 1.0 if flow is None else flow, 0.0 if flow is None else boluses_ml_per_day, shown, off)
    low = _seen(level.fill, mark.value) or course.reaches(mark.value)
    empty = _seen(level.fill, 0.0) or _not_before(low, course.reaches(0.0))
    own_mark = low_mark_ml is not None
    basis = (
        *_volume_words(known, level, zone),
        *_flow_words(model, course, flow),
        *_mark_words(model, mark, level, own_mark=own_mark),
        *(() if now - _newest(known, level) <= STALE_AFTER else (_stale(known, level, now),)),
    )
    return ReservoirForecast(
        low=low,
        empty=empty,
        low_mark_ml=mark.value,
        flow_ml_per_day=level.state.factor * course.nominal * (1.0 if shown is None else shown.middle),
        low_seen=low_seen,
        empty_seen=bool(level.fill) and level.fill[-1].reservoir_ml <= 0,
        basis=basis,
        beside=_beside(level, zone),
    )


@dataclass(frozen=True, slots=True)
class _Course:
    """From what counts now to a lower level, by the quantiles of what may happen."""

    level: Level
    nominal: float
    boluses: float
    shown: Delivery | None
    off: VolumeCourse | None = None

    def reaches(self, level_ml: float) -> Interval:
        """When the level is reached. All allotted boluses, and more delivered than shown, count for the early end.

        A volume that falls faster than the flow explains counts as it falls; one that falls slower puts nothing off.
        """
        state, shown = self.level.state, self.shown
        low, median, high = (self._at(state, self.nominal, level_ml, quantile) for quantile in (0.1, 0.5, 0.9))
        if shown is not None:
            early, middle, late = (self._delivering(share) for share in (shown.early, shown.middle, shown.late))
            low = self._at(early, self.nominal, level_ml, 0.1)
            median = self._at(middle, self.nominal, level_ml, 0.5)
            high = max(high, self._at(late, self.nominal, level_ml, 0.9))
        if self.boluses > 0:
            as_programmed = Decline(
                state.day, state.level, min(state.factor, 1.0), state.var_level, 0.0, state.var_factor
            )
            low = min(low, self._at(as_programmed, self.nominal + self.boluses, level_ml, 0.1))
        if self.off is not None and self.off.ratio > 1:
            median = min(median, self.level.at + timedelta(days=max(state.level - level_ml, 0.0) / self.off.per_day))
        low = min(low, median)
        return Interval(low, median, max(high, median))

    def _delivering(self, share: float) -> Decline:
        """The state where that share of what the pump shows was delivered since the fill, and will be."""
        state = self.level.state
        level = state.level - (share - 1) * self.level.used_ml
        return Decline(
            state.day, level, state.factor * share, state.var_level, state.covariance, state.var_factor * share**2
        )

    def _at(self, state: Decline, per_day: float, level_ml: float, quantile: float) -> datetime:
        days = days_until(state, level_ml, per_day, WANDER_PER_SQRT_YEAR**2, quantile, not_yet=True)
        return self.level.at + timedelta(days=days)


def _shows_flow(level: Level) -> bool:
    """Whether the volumes of this fill show how fast it falls, where no flow was ever reported."""
    days = (level.fill[-1].at - level.fill[0].at) / timedelta(days=1) if level.fill else 0.0
    return days >= LEAST_DAYS_WITHOUT_FLOW and level.state.factor >= 4 * sqrt(level.state.var_factor)


def _present_flow(known: Sequence[ReservoirPoint]) -> float | None:
    """Return the flow to count on: the last reported one, or a week's mean where the mode changes it by the hour."""
    told = [reading for reading in known if reading.flow_ml_per_day is not None]
    if not told:
        return None
    if told[-1].infusion in {Infusion.FLEX, Infusion.BOLUS}:
        since = told[-1].at - FLOW_WINDOW
        return fmean(r.flow_ml_per_day for r in told if r.at >= since and r.flow_ml_per_day is not None)
    return told[-1].flow_ml_per_day


def _seen(fill: Sequence[ReservoirPoint], level_ml: float) -> Interval | None:
    """Return between which reports of this fill the level was reached, if the last one shows it reached."""
    if not fill or fill[-1].reservoir_ml > level_ml:
        return None
    above = max((place for place, r in enumerate(fill) if r.reservoir_ml > level_ml), default=-1)
    first = fill[above + 1].at
    before = fill[above].at if above >= 0 else first
    return Interval(before, before + (first - before) / 2, first)


def _not_before(low: Interval, empty: Interval) -> Interval:
    """The empty date, no earlier than the low mark's: far beyond both, the search for them can't tell them apart."""
    return Interval(max(low.low, empty.low), max(low.median, empty.median), max(low.high, empty.high))


def _newest(known: Sequence[ReservoirPoint], level: Level) -> datetime:
    return known[-1].at if level.by_refill is None else level.by_refill.at


def _stale(known: Sequence[ReservoirPoint], level: Level, now: datetime) -> str:
    days = (now - _newest(known, level)).days
    if level.by_refill is None:
        return f"The last report is {days} days old."
    return f"That refill was {days} days ago."


def _volume_words(known: Sequence[ReservoirPoint], level: Level, zone: tzinfo) -> tuple[str, ...]:
    refill = level.by_refill
    if refill is not None and refill.filled_ml is not None:
        day = f"{refill.at.astimezone(zone):%Y-%m-%d}"
        return (f"{refill.filled_ml:.2f} mL filled in on {day} by the refill on record; no report has come since.",)
    last = level.fill[-1] if level.fill else known[-1]
    words = [f"{last.reservoir_ml:.2f} mL reported on {last.at.astimezone(zone):%Y-%m-%d}."]
    return (*words, *_beside(level, zone))


def _flow_words(model: PumpModel, course: _Course, flow: float | None) -> tuple[str, ...]:
    state = course.level.state
    if flow is None:
        return (f"No flow was ever told; the volume falls by {state.factor:.3g} mL a day.",)
    allowed = "it is assumed to keep within" if model.flow_accuracy.assumed else "the label allows"
    counted = (
        f"The flow is taken to stay at the programmed {flow:.3g} mL a day, of which {100 * state.factor:.0f} % "
        f"leaves the reservoir by what is known ({allowed} {model.flow_accuracy_percent:g} % either way)."
    )
    words = [counted]
    if not model.reservoir_measured:
        words.append("The pump counts its volume down from the fill by its program; it does not measure it.")
    if course.shown is not None:
        words.append(course.shown.because)
    off = course.off
    if off is not None and off.ratio > 1:
        words.append(
            f"Of late the volume falls by {off.per_day:.3g} mL a day, {off.ratio:.1f} times what the flow explains: "
            "the dates count with that."
        )
    if course.boluses > 0:
        words.append(
            f"The early end counts {course.boluses:.3g} mL a day more, as if all allotted patient boluses are taken "
            "(the maker's rule for Prometra, source S24)."
        )
    return tuple(words)


def _mark_words(model: PumpModel, mark: Figure, level: Level, *, own_mark: bool) -> tuple[str, ...]:
    whose = (
        "set for this patient"
        if own_mark
        else "the model's, " + ("assumed" if mark.assumed else f"source {mark.source}")
    )
    words = [f"The low-reservoir alarm is at {mark.value:g} mL ({whose})."]
    models = model.low_reservoir
    if own_mark and models is not None and mark.value > models.value:
        words.append(f"It stands above the model's {models.value:g} mL, so its date comes earlier.")
    if own_mark and level.fill and models is not None and models.value < level.fill[-1].reservoir_ml <= mark.value:
        words.append(f"The {level.fill[-1].reservoir_ml:.2f} mL left are below it already.")
    return tuple(words)


def _beside(level: Level, zone: tzinfo) -> tuple[str, ...]:
    """What does not count, and why: a volume that fits nothing, a refill that the reports do not show."""
    words = []
    if level.odd is not None:
        words.append(
            f"The {level.odd.reservoir_ml:.2f} mL reported on {level.odd.at.astimezone(zone):%Y-%m-%d} fit nothing "
            "before and move no date until a second report or a logged refill says the same."
        )
    if level.contradicted:
        day = f"{level.contradicted[-1].at.astimezone(zone):%Y-%m-%d}"
        words.append(
            f"The refill logged for {day} does not count: the reports went on showing the volume from before it."
        )
    return tuple(words)
