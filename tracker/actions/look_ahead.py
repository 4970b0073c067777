"""Look ahead: forecast a pump's battery and reservoir from its thinned history, and keep the result as its outlook."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, tzinfo

from devices.interval import Interval, Unknown
from devices.model import PumpModel
from devices.models import catalogue
from devices.refill import RefillBy, refill_by
from devices.report import Infusion
from devices.reservoir import ReservoirForecast, ReservoirPoint, forecast_reservoir
from devices.stability import Stability, is_first_fill, stability_to_count_on
from tracker.actions.look_ahead_battery import forecast_battery_into
from tracker.actions.prescription import drug_text, is_complete
from tracker.findings.battery_seen import NoticeSeen
from tracker.findings.clinic_day import zone_named
from tracker.findings.trend import Point, battery_points, moment, reservoir_points
from tracker.records.columns import key
from tracker.records.outlook import Ahead
from tracker.records.pump import Pump
from tracker.records.reading_history import Measured
from tracker.records.visit import VisitDone

FILL_ML = 1.0  # a rise of the volume beyond this is a fill
_MOST_ML_PER_DAY = 3.0  # what falls faster, and twice as fast as the flow told, was measured wrongly. Assumed
_DAY_MICROS = 86_400_000_000
_INFUSIONS = {each.value: each for each in Infusion}
_KEPT_BACK = 2000  # a gap this far behind the newest number is no longer waited for


def look_ahead(
    pump: Pump,
    outlook: Ahead | None,
    readings: Sequence[Measured],
    now: datetime,
    *,
    contiguous: int = 0,
    refilled_at: datetime | None = None,
    rose_at: datetime | None = None,
    cap_days: int | None = None,
    visits: Sequence[VisitDone] = (),
    routine: bool = False,
    zone: str = "UTC",
    notices: Sequence[NoticeSeen] = (),
) -> Ahead:
    """Bring the pump's outlook up to those readings, which may hold some that it has already; not stored yet.

    ``contiguous`` is how far the newest epoch is complete: later looks begin there, so that what fills a gap is seen.
    ``refilled_at`` is the last refill by the visits, ``rose_at`` the last that a finding says nobody logged: long fills
    outlast the reports that showed them. ``cap_days`` is the longest interval that is allowed for this pump.
    ``visits`` are its last ones, oldest first: what the last refill found in the pump tells how long the drug keeps.
    ``routine``: nobody asked for this look but the clock. A battery forecast, which hardly moves in a day, is then made
    anew every third day only, or when the indicator or the flow has changed. ``zone``: the clinic's, for days in words.
    ``notices``: the pump's built-in notices of failure since the implant.
    """
    model = catalogue.find(pump.model)
    row = outlook or Ahead(pump_id=key(pump.id), computed_at=now)
    fresh = newly_measured(row, readings)
    if readings:
        epoch, seq = max((one.epoch, one.seq) for one in readings)
        row.epoch, row.through_seq = epoch, max(min(contiguous, seq), seq - _KEPT_BACK)
    if model is None:
        row.battery_basis = row.reservoir_basis = "The model is not in the catalogue."
        row.computed_at = now
        return row
    if fresh:
        row.reservoir_points = reservoir_points(row.reservoir_points, fresh)
    if model.has_battery and fresh:
        row.battery_points = battery_points(row.battery_points, fresh)
    row.filled_at = _filled_at(row.reservoir_points, refilled_at, rose_at)
    forecast_battery_into(row, pump, model, len(fresh), notices, now, zone_named(zone), routine=routine)
    keeps = stability_to_count_on(pump.drug, first_fill=first_fill(pump.drug, visits))
    _forecast_reservoir_into(row, pump, model, keeps, cap_days, now, zone_named(zone))
    row.computed_at = now
    return row


def first_fill(drug: str | None, visits: Sequence[VisitDone]) -> bool | None:
    """Whether the last refill was the pump's first with its drug, by the prescriptions on record; None if not known."""
    refills = [one for one in visits if one.refilled]
    if not refills:
        return None
    before = refills[-1].prescription_before
    found = [before if is_complete(before) else None, *(one.prescription_after for one in refills[:-1])]
    return is_first_fill(drug, [drug_text(told) for told in found])


def newly_measured(outlook: Ahead, readings: Iterable[Measured]) -> list[Measured]:
    """The readings that the outlook's points do not hold, as far as its mark can tell."""
    if outlook.epoch is None:
        return list(readings)
    mark = (outlook.epoch, outlook.through_seq)
    return [one for one in readings if (one.epoch, one.seq) > mark or one.epoch != outlook.epoch]


def _filled_at(points: Sequence[Point], *told: datetime | None) -> datetime | None:
    """The latest of the last great rise of the volume, the last refill by the visits, the last by a finding."""
    rises = [points[at][0] for at in range(1, len(points)) if _rose_for_good(points, at)]
    known = [moment(rises[-1])] if rises else []
    return max([*known, *(at for at in told if at is not None)], default=None)


def _rose_for_good(points: Sequence[Point], at: int) -> bool:
    """Whether the volume rose there and stayed: one report too low, or too high, between two that agree is no fill."""
    rose = points[at][1] - points[at - 1][1] > FILL_ML
    only_back = at >= 2 and _fell(points[at - 2], points[at - 1]) and points[at][1] - points[at - 2][1] <= FILL_ML
    fell_again = (
        at + 1 < len(points) and _fell(points[at], points[at + 1]) and points[at + 1][1] - points[at - 1][1] <= FILL_ML
    )
    return rose and not only_back and not fell_again


def _fell(before: Point, after: Point) -> bool:
    """Whether the volume fell by more than was delivered in that time."""
    days = (after[0] - before[0]) / _DAY_MICROS
    fastest = max(_MOST_ML_PER_DAY, 2 * (before[2] or 0), 2 * (after[2] or 0))
    return bool(before[1] - after[1] > FILL_ML + fastest * days)


def _forecast_reservoir_into(
    row: Ahead,
    pump: Pump,
    model: PumpModel,
    keeps: Stability | Unknown,
    cap_days: int | None,
    now: datetime,
    zone: tzinfo,
) -> None:
    reservoir = forecast_reservoir(
        model, [_reservoir_point(point) for point in row.reservoir_points], now, pump.low_reservoir_ml, zone
    )
    _write_reservoir(row, reservoir)
    due = refill_by(reservoir, row.filled_at, keeps, cap_days)
    row.refill_by_at = due.at if isinstance(due, RefillBy) else None
    row.refill_reason = f"{due.because[:1].upper()}{due.because[1:]}." if isinstance(due, RefillBy) else str(due)


def _reservoir_point(point: Point) -> ReservoirPoint:
    at, volume, flow, infusion = point[:4]
    return ReservoirPoint(moment(at), volume, flow, _INFUSIONS[infusion])


def _write_reservoir(row: Ahead, forecast: ReservoirForecast | Unknown) -> None:
    low, empty = (forecast.low, forecast.empty) if isinstance(forecast, ReservoirForecast) else (None, None)
    row.low_mark_low_at, row.low_mark_median_at, row.low_mark_high_at = _ends(low)
    row.empty_low_at, row.empty_median_at, row.empty_high_at = _ends(empty)
    row.reservoir_basis = _words(forecast)


def _ends(interval: Interval | None) -> tuple[datetime | None, datetime | None, datetime | None]:
    return (None, None, None) if interval is None else (interval.low, interval.median, interval.high)


def _words(forecast: ReservoirForecast | Unknown) -> str:
    return str(forecast) if isinstance(forecast, Unknown) else " ".join(forecast.basis)
