"""Forecast of a battery: when the replacement indicator comes on and when service ends, as intervals with their basis.

The pump's kind says what to expect of a pump without a report; every percentage it reports corrects that. How a battery
drains is described in `devices.battery_drain`, the learning stands in `devices.battery_trend`. No date here is
certain: it stands beside its basis, and a battery with a defect may end early and without the indicator.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from operator import attrgetter
from statistics import fmean
from typing import Final

from devices.battery_drain import battery_percent_per_day, days_to_eri, percent_per_day_at_reference, share_ended
from devices.battery_seen import BatteryPoint, IndicatorSeen, gained, indicator_seen
from devices.battery_trend import DrainPoint, follow, wander_variance
from devices.battery_words import day_in, end_sentence, life_mark, limit_sentence
from devices.decline import days_until
from devices.interval import Interval, Unknown
from devices.model import BatteryFigures, PumpModel
from devices.report import Indicator

__all__ = ["BatteryForecast", "BatteryPoint", "Unknown", "battery_percent_per_day", "forecast_battery", "hard_limit"]

PLANNING_LEAD: Final = timedelta(days=183)
"""How long before the expected end of service planning begins: six months (source S1)."""

STALE_AFTER: Final = timedelta(days=30)
FLOW_WINDOW: Final = timedelta(days=14)
A_DAY: Final = timedelta(days=1)
FLOW_RISE_PER_YEAR: Final = 0.03
"""The part of itself by which the flow is expected to rise in a year: doses go up more often than down. Assumption."""
_AT: Final = attrgetter("at")
LOW, MIDDLE, HIGH = 0.1, 0.5, 0.9
"""The quantiles of an interval that holds four times in five."""


@dataclass(frozen=True, slots=True)
class BatteryForecast:
    """When the indicator comes on (`eri`) and when service ends (`eos`), with the sentences they rest on.

    `planning_window_opens` is six months before the expected end of service. `hard_limit` is the moment at which the
    model stops whatever its battery; None when the implant date is not known. `eri_at`, `eos_at`: the first reports of
    the indicator and of the end, after which the intervals say between which reports each came. `by_charge` is the end
    of service by the reported charge alone, with no regard to the model's limit, and `charge_at` the newest report of a
    charge: None where none was ever reported, or where the reports contradict each other. `doubt` says in which way the
    pump's reports of its battery can't all be true.
    """

    eri: Interval
    eos: Interval
    planning_window_opens: datetime
    hard_limit: datetime | None
    basis: tuple[str, ...]
    eri_at: datetime | None = None
    eos_at: datetime | None = None
    by_charge: Interval | None = None
    charge_at: datetime | None = None
    doubt: str | None = None


def hard_limit(model: PumpModel, implanted_on: date | None, zone: tzinfo = UTC) -> datetime | None:
    """Return when the model stops whatever its battery; None without a battery or without an implant date.

    The implant is known to the day, which begins in `zone`: this is the first moment it can be, and it may be a day
    later.
    """
    if model.battery is None or implanted_on is None:
        return None
    return _start_of(implanted_on, zone) + timedelta(days=model.battery.service_life_max.value)


def forecast_battery(
    model: PumpModel,
    implanted_on: date | None,
    readings: Sequence[BatteryPoint],
    now: datetime,
    zone: tzinfo = UTC,
) -> BatteryForecast | Unknown:
    """Return when the battery's indicator and the end of service are expected, or why that is unknown.

    `readings` in any order; those after `now` or before the implant are left aside. Flows say how hard the pump works;
    where one is missing the last one known holds on. Voltage is not used: it stays level until shortly before the end.
    `zone` is where the implant's day begins and whose days the sentences name.
    """
    battery = model.battery
    if battery is None:
        return Unknown(f"{model.name} has no battery.", "There is nothing to forecast.")
    since = None if implanted_on is None else _start_of(implanted_on, zone)
    known = sorted((r for r in readings if r.at <= now and (since is None or r.at >= since)), key=_AT)
    limit = hard_limit(model, implanted_on, zone)
    seen = indicator_seen(known, since, limit, _eri_to_eos(battery), zone)
    if seen is not None:
        return _reported(battery, seen, limit)
    if all(reading.flow_ml_per_day is None for reading in known):
        return Unknown(
            "The flow of this pump is not known, and the battery drains by it.",
            "A status report with a flow would make a forecast possible.",
        )
    if since is None and all(reading.remaining_percent is None for reading in known):
        return Unknown(
            "Neither the implant date nor a percentage of the battery is known.",
            "Enter the implant date, or wait for a report that gives the percentage left.",
        )
    return _forecast_ahead(model, battery, implanted_on, known, now, zone)


def _forecast_ahead(
    model: PumpModel,
    battery: BatteryFigures,
    implanted_on: date | None,
    known: Sequence[BatteryPoint],
    now: datetime,
    zone: tzinfo,
) -> BatteryForecast:
    """Return the forecast of a pump that has not reported its indicator; a flow is known, a charge or an age too."""
    since = None if implanted_on is None else _start_of(implanted_on, zone)
    limit = hard_limit(model, implanted_on, zone)
    flowing = [reading for reading in known if reading.flow_ml_per_day is not None]
    measured = [reading for reading in known if reading.remaining_percent is not None]
    origin = since or known[0].at
    points = _points(model, known, origin)
    flow = _present_flow(flowing)
    per_day = battery_percent_per_day(model, flow)
    not_yet = _last_indicator(known) is Indicator.OK
    if measured:
        state = follow(model, points, from_new=since is not None)
        wander = wander_variance(state, points)
        rise = FLOW_RISE_PER_YEAR * (1 - battery_percent_per_day(model, 0.0) / per_day)

        def days(quantile: float) -> float:
            return days_until(
                state, battery.eri_percent.value, per_day, wander, quantile, not_yet=not_yet, rise_per_year=rise
            )

        first = (
            f"From {len(measured)} battery percentages, the last {measured[-1].remaining_percent:g} % on "
            f"{day_in(zone, measured[-1].at)}; it drains {state.factor:.2f} times as fast as the middle "
            f"{model.name}."
        )
        goes_on = f"From {flow:.3g} mL a day the flow is taken to rise by {FLOW_RISE_PER_YEAR:.0%} a year (assumed)."
    else:
        used, drain = points[-1].nominal_used, per_day

        def days(quantile: float) -> float:
            return _days_by_kind(model, used, drain, quantile, not_yet=not_yet)

        first = (
            f"No percentage was ever reported: from this pump's age and the life of {model.name} pumps, "
            f"{life_mark(battery)}."
        )
        goes_on = f"The flow is taken to stay at {flow:.3g} mL a day."
    reached = origin + timedelta(days=points[-1].day)

    def reaches_eri(quantile: float) -> datetime:
        return reached + timedelta(days=days(quantile))

    basis = [first, goes_on, end_sentence(battery), limit_sentence(battery, limit, zone)]
    if now - known[-1].at > STALE_AFTER:
        basis.append(f"The last report is {(now - known[-1].at).days} days old.")
    free = Interval(reaches_eri(LOW), reaches_eri(MIDDLE), reaches_eri(HIGH))
    eri = _within(free, reaches_eri, _latest_eri(battery, limit))
    gain = gained(measured)
    if gain is not None:
        before = forecast_battery(model, implanted_on, [one for one in known if one.at <= gain.low_at], now, zone)
        return _doubted(_expected(battery, eri, limit, basis), before, gain.sentence(zone), known[-1].at)
    if not measured:
        return _expected(battery, eri, limit, basis)
    by_charge = free.shifted(_eri_to_eos(battery))
    return replace(_expected(battery, eri, limit, basis), by_charge=by_charge, charge_at=measured[-1].at)


def _expected(battery: BatteryFigures, eri: Interval, limit: datetime | None, basis: Sequence[str]) -> BatteryForecast:
    eos = eri.shifted(_eri_to_eos(battery))
    return BatteryForecast(eri, eos, eos.median - PLANNING_LEAD, limit, tuple(basis))


def _reported(battery: BatteryFigures, seen: IndicatorSeen, limit: datetime | None) -> BatteryForecast:
    return BatteryForecast(
        eri=seen.eri,
        eos=seen.eos,
        planning_window_opens=seen.eos.median - PLANNING_LEAD,
        hard_limit=limit,
        basis=(*seen.basis, end_sentence(battery)),
        eri_at=seen.eri_at,
        eos_at=seen.eos_at,
        doubt=seen.contradiction,
    )


def _doubted(after: BatteryForecast, before: BatteryForecast | Unknown, gain: str, latest: datetime) -> BatteryForecast:
    """Return the forecast of a battery that gained charge: no later at its early end than by the lower reports."""
    told = replace(after, basis=(after.basis[0], gain, *after.basis[1:]), doubt=gain)
    if isinstance(before, Unknown):
        return told
    margin = after.eos.low - after.eri.low
    low = min(after.eri.low, max(before.eri.low, latest))
    eri = Interval(low, after.eri.median, after.eri.high)
    return replace(told, eri=eri, eos=Interval(low + margin, after.eos.median, after.eos.high))


def _within(free: Interval, at: Callable[[float], datetime], latest: datetime | None) -> Interval:
    """Return the interval that holds four times in five, with everything after `latest` happening on that day."""
    if latest is None or free.high < latest:
        return free
    return Interval(min(at(LOW + 1 - HIGH), latest), min(free.median, latest + A_DAY / 2), latest + A_DAY)


def _days_by_kind(model: PumpModel, used: float, per_day: float, quantile: float, *, not_yet: bool) -> float:
    """Return the days to the indicator at that quantile of the model's pumps that have used as much and still run."""
    reference = percent_per_day_at_reference(model)
    age = used / reference
    ended = share_ended(model, age) if not_yet else 0.0
    return max(days_to_eri(model, ended + quantile * (1 - ended)) - age, 0.0) * reference / per_day


def _points(model: PumpModel, known: Sequence[BatteryPoint], origin: datetime) -> list[DrainPoint]:
    """Add up what a pump of factor 1 would have used by each report; between two reports the flow changes evenly."""
    at_rest = battery_percent_per_day(model, 0.0)
    per_ml = battery_percent_per_day(model, 1.0) - at_rest
    flow = next(reading.flow_ml_per_day for reading in known if reading.flow_ml_per_day is not None)
    drain = at_rest + per_ml * flow
    day, used, points = 0.0, 0.0, []
    for reading in known:
        before, day_before = drain, day
        if reading.flow_ml_per_day is not None:
            drain = at_rest + per_ml * reading.flow_ml_per_day
        day = (reading.at - origin).total_seconds() / 86_400
        used += (day - day_before) * (before + drain) / 2
        points.append(DrainPoint(day, used, reading.remaining_percent, drain))
    return points


def _present_flow(flowing: Sequence[BatteryPoint]) -> float:
    """Return the mean of the flows reported in the two weeks before the last of them, in mL a day."""
    since = flowing[-1].at - FLOW_WINDOW
    return fmean(r.flow_ml_per_day for r in flowing if r.at >= since and r.flow_ml_per_day is not None)


def _last_indicator(known: Sequence[BatteryPoint]) -> Indicator | None:
    return next((reading.indicator for reading in reversed(known) if reading.indicator is not None), None)


def _start_of(day: date, zone: tzinfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def _eri_to_eos(battery: BatteryFigures) -> timedelta:
    return timedelta(days=battery.eri_to_eos.value)


def _latest_eri(battery: BatteryFigures, limit: datetime | None) -> datetime | None:
    return None if limit is None else limit - _eri_to_eos(battery)
