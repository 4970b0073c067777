"""Forecast of a reservoir: when it reaches its low mark and when it is empty, each as an interval with its basis.

It rests on what the pump reported since it was last filled: the volumes show what is truly delivered of each programmed
mL, starting from what is known of the model. When to refill by is decided in `devices.refill`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from itertools import pairwise
from math import sqrt
from statistics import fmean
from typing import Final

from msgspec import Struct

from devices.decline import Decline, advance, correct, days_until
from devices.figure import Figure
from devices.interval import Interval, Unknown
from devices.model import DeviceKind, PumpModel
from devices.report import Infusion

VOLUME_ERROR_ML: Final = 0.05
"""The error of one reported volume, as a standard deviation, until the reports themselves show it. Assumption."""

FILL_SD: Final = 0.01
FILL_SD_WITHOUT_FLOW: Final = 0.05
"""How far one fill's delivery differs from the pump's own mean, relative to it: programmed, and merely observed.
Assumptions."""

WANDER_PER_SQRT_YEAR: Final = 0.005
"""How far the delivered share wanders in a year. Assumption."""

LEAST_RISE_ML: Final = 0.5
SURPRISE_SD: Final = 6.0
LEAST_DAYS_WITHOUT_FLOW: Final = 3.0
STALE_AFTER: Final = timedelta(days=7)
FLOW_WINDOW: Final = timedelta(days=7)


class ReservoirPoint(Struct, frozen=True, gc=False):
    """One report of the reservoir: an aware moment, the volume, and the flow and mode if they were told."""

    at: datetime
    reservoir_ml: float
    flow_ml_per_day: float | None
    infusion: Infusion | None = None


@dataclass(frozen=True, slots=True)
class ReservoirForecast:
    """When the low mark and the end of the drug are reached, with the sentences this rests on.

    `flow_ml_per_day` is what truly leaves the reservoir. `low_seen`, `empty_seen`: a report shows it reached, and the
    interval says between which reports it was.
    """

    low: Interval
    empty: Interval
    low_mark_ml: float
    flow_ml_per_day: float
    low_seen: bool
    empty_seen: bool
    basis: tuple[str, ...]


def forecast_reservoir(
    model: PumpModel,
    readings: Sequence[ReservoirPoint],
    now: datetime,
    low_mark_ml: float | None = None,
    zone: tzinfo = UTC,
) -> ReservoirForecast | Unknown:
    """Return when the reservoir reaches its low mark and when it is empty, or why that is unknown.

    `readings` in any order; those after `now` are left aside. `low_mark_ml` is the patient's own mark; without one the
    model's holds. A flow that was never told is learnt from how the volume falls. `zone` is whose days the
    sentences name.
    """
    mark = model.low_reservoir if low_mark_ml is None else Figure(low_mark_ml, "mL", None)
    if model.kind is DeviceKind.RESERVOIR or mark is None:
        return Unknown(f"A {model.name.lower()} stores and meters nothing.", "There is nothing to forecast.")
    known = sorted((reading for reading in readings if reading.at <= now), key=lambda reading: reading.at)
    if not known:
        return Unknown("No volume was reported yet.", "A status report would make a forecast possible.")
    flow = _present_flow(known)
    if flow == 0:
        return Unknown(
            "The pump reports that nothing flows, so its reservoir does not fall.",
            "When delivery has been restored the next report makes a forecast possible.",
        )
    points = _points(known)
    state, filled = _follow(model, points, flow_known=flow is not None)
    nominal = 1.0 if flow is None else flow
    if flow is None:
        days = points[-1].day - points[filled].day
        if days < LEAST_DAYS_WITHOUT_FLOW or state.factor < 4 * sqrt(state.var_factor):
            return Unknown(
                "The flow is not known, and the volumes do not yet show it.",
                "A report with a flow, or some more days of volumes, would make a forecast possible.",
            )
    fill = known[filled:]
    last = known[-1].at

    def at(level_ml: float) -> Callable[[float], datetime]:
        return lambda quantile: (
            last + timedelta(days=days_until(state, level_ml, nominal, WANDER_PER_SQRT_YEAR**2, quantile, not_yet=True))
        )

    low = _seen(fill, mark.value) or _interval(at(mark.value))
    empty = _seen(fill, 0.0) or _interval(at(0.0))
    return ReservoirForecast(
        low=low,
        empty=empty,
        low_mark_ml=mark.value,
        flow_ml_per_day=state.factor * nominal,
        low_seen=fill[-1].reservoir_ml <= mark.value,
        empty_seen=fill[-1].reservoir_ml <= 0,
        basis=_basis(model, known, flow, state, mark, own_mark=low_mark_ml is not None, now=now, zone=zone),
    )


class _Point(Struct, frozen=True, gc=False):
    """One report, worked out: days since the first, nominal volume used until then, volume reported."""

    day: float
    used: float
    volume_ml: float


def _points(known: Sequence[ReservoirPoint]) -> list[_Point]:
    """Add up the nominal volume: programmed mL, or days where no flow was ever told. Flows change evenly in between."""
    flow = next((reading.flow_ml_per_day for reading in known if reading.flow_ml_per_day is not None), 1.0)
    day, used, points = 0.0, 0.0, []
    for reading in known:
        before, day_before = flow, day
        if reading.flow_ml_per_day is not None:
            flow = reading.flow_ml_per_day
        day = (reading.at - known[0].at).total_seconds() / 86_400
        used += (day - day_before) * (before + flow) / 2
        points.append(_Point(day, used, reading.reservoir_ml))
    return points


def _follow(model: PumpModel, points: Sequence[_Point], *, flow_known: bool) -> tuple[Decline, int]:
    """Return what is known at the last report, and the place of the first report since the last fill.

    A volume far from the expected one is believed: a fill when it is above the one before, else a loss, or a standstill
    that nobody reported. An empty reservoir falls no further and teaches nothing.
    """
    error = _error_ml(points) ** 2
    factor, spread, fill_sd = model.delivered.value, model.delivered_sd.value, FILL_SD
    if not flow_known:
        factor, spread, fill_sd = 0.5, 5.0, FILL_SD_WITHOUT_FLOW
    state = Decline(0.0, points[0].volume_ml, factor, error, 0.0, spread**2)
    filled, used = 0, 0.0
    for place, point in enumerate(points[1:], start=1):
        state = advance(state, point.day - state.day, point.used - used, WANDER_PER_SQRT_YEAR**2)
        used = point.used
        surprise = point.volume_ml - max(state.level, 0.0)
        if point.volume_ml <= 0 or abs(surprise) > max(LEAST_RISE_ML, SURPRISE_SD * sqrt(state.var_level + error)):
            if point.volume_ml > points[place - 1].volume_ml + LEAST_RISE_ML:
                filled = place
            more = (fill_sd * state.factor) ** 2 if filled == place else 0.0
            state = Decline(point.day, point.volume_ml, state.factor, error, 0.0, state.var_factor + more)
        else:
            state = correct(state, point.volume_ml, error)
    return state, filled


def _error_ml(points: Sequence[_Point]) -> float:
    """Judge the error of one reported volume from neighbours at most three days apart, as for the battery."""
    jumps = sorted(
        abs(after.volume_ml - before.volume_ml + after.used - before.used)
        for before, after in pairwise(points)
        if after.day - before.day <= 3
    )
    if len(jumps) < 20:
        return VOLUME_ERROR_ML
    return min(max(fmean(jumps[: len(jumps) * 95 // 100]) / 1.014, 0.01), 1.0)


def _present_flow(known: Sequence[ReservoirPoint]) -> float | None:
    """Return the flow to count on: the last one told, or a week's mean where the mode lets it change by the hour."""
    told = [reading for reading in known if reading.flow_ml_per_day is not None]
    if not told:
        return None
    if told[-1].infusion in {Infusion.FLEX, Infusion.BOLUS}:
        since = told[-1].at - FLOW_WINDOW
        return fmean(r.flow_ml_per_day for r in told if r.at >= since and r.flow_ml_per_day is not None)
    return told[-1].flow_ml_per_day


def _interval(at: Callable[[float], datetime]) -> Interval:
    return Interval(at(0.1), at(0.5), at(0.9))


def _seen(fill: Sequence[ReservoirPoint], level_ml: float) -> Interval | None:
    """Return between which reports of this fill the level was reached, if the last one shows it reached."""
    if fill[-1].reservoir_ml > level_ml:
        return None
    above = max((place for place, r in enumerate(fill) if r.reservoir_ml > level_ml), default=-1)
    first = fill[above + 1].at
    before = fill[above].at if above >= 0 else first
    return Interval(before, before + (first - before) / 2, first)


def _basis(
    model: PumpModel,
    known: Sequence[ReservoirPoint],
    flow: float | None,
    state: Decline,
    mark: Figure,
    *,
    own_mark: bool,
    now: datetime,
    zone: tzinfo,
) -> tuple[str, ...]:
    last = known[-1]
    sentences = [f"{last.reservoir_ml:.2f} mL reported on {last.at.astimezone(zone):%Y-%m-%d}."]
    allowed = "it is assumed to keep within" if model.flow_accuracy.assumed else "the label allows"
    if flow is None:
        sentences.append(f"No flow was ever told; the volume falls by {state.factor:.3g} mL a day.")
    else:
        sentences.append(
            f"The flow is taken to stay at the programmed {flow:.3g} mL a day, of which {100 * state.factor:.0f} % "
            f"leaves the reservoir by what is known ({allowed} {model.flow_accuracy_percent:g} % either way)."
        )
    whose = (
        "set for this patient"
        if own_mark
        else "the model's, " + ("assumed" if mark.assumed else f"source {mark.source}")
    )
    sentences.append(f"The low mark is {mark.value:g} mL ({whose}).")
    if now - last.at > STALE_AFTER:
        sentences.append(f"The last report is {(now - last.at).days} days old.")
    return tuple(sentences)
