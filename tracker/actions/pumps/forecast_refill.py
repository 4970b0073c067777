"""A pump's reservoir and refill date, by its reports, its refills on record, its prescription and its limits."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, time, timedelta
from typing import Final

from devices.interval import Interval, Unknown
from devices.model import PumpModel
from devices.prescription import Prescription, boluses_ml_per_day
from devices.refill import RefillBy, refill_by, unknown_limits
from devices.reservoir import Refill, ReservoirForecast, ReservoirPoint, forecast_reservoir, volume_now
from devices.stability import stability_to_count_on
from devices.volume_course import VolumeCourse
from tracker.actions.pumps.snapshot_volume import asked_flow, course_of, volume_points
from tracker.findings.clinic_day import zone_named
from tracker.records.forecast import Ahead
from tracker.records.pump import Pump

ENROLLED_WITHIN: Final = timedelta(days=30)
LONGEST_FIRST_FILL: Final = timedelta(days=365)
"""In a pump enrolled so soon after its implant the fill of that day counts until another is seen or told, for so long
at most: then a refill was done that nobody recorded. Assumed."""
LONGEST_TEXT: Final = 2000


def forecast_refill(
    row: Ahead,
    pump: Pump,
    model: PumpModel,
    now: datetime,
    *,
    refills: Sequence[Refill],
    rose_at: datetime | None,
    cap_days: int | None,
    first_fill: bool | None,
    prescription: Prescription | None,
    zone: str,
) -> VolumeCourse | None:
    """Write into the outlook when it was filled, its forecast, its refill date and what keeps one from being told.

    Returns the fall of the volume that the flow does not explain, which the forecast counts with; None where it fits.

    ``refills``: those on record that count, oldest first. ``first_fill``: whether the last of them was the first with
    its drug. ``rose_at``: the last fill that nobody logged.
    """
    clock = zone_named(zone)
    points = volume_points(row, model)
    flow, boluses = asked_flow(prescription)
    level = volume_now(model, points, now, refills, flow)
    off = course_of(points, pump, model, flow, boluses)
    seen = [*([] if level is None else [_filled_in_view(level.filled_at, points, rose_at, refills)]), rose_at]
    if level is None and refills:
        seen.append(refills[-1].at)
    row.filled_at = max((at for at in seen if at is not None), default=None)
    implanted = fill_at_implant(pump, zone, now)
    by_implant = row.filled_at is None and implanted is not None
    if by_implant:
        row.filled_at, first_fill = implanted, True
    keeps = stability_to_count_on(pump.drug, first_fill=first_fill, model=model)
    reservoir = forecast_reservoir(
        model,
        points,
        now,
        pump.low_reservoir_ml,
        clock,
        refills=refills,
        prescribed_ml_per_day=flow,
        boluses_ml_per_day=boluses,
        level=level,
        off=off,
    )
    _write(row, reservoir)
    due = refill_by(reservoir, row.filled_at, keeps, cap_days)
    row.refill_by_at = due.at if isinstance(due, RefillBy) else None
    reason = due.words(clock) if isinstance(due, RefillBy) else str(due)
    if by_implant:
        reason = f"{reason} No fill is on record since the implant on {pump.implanted_on}, which counts as the first."
    unknown = [*unknown_limits(reservoir, row.filled_at, keeps), *_uncounted(prescription)]
    if model.has_battery and pump.implanted_on is None:
        unknown.append("The date of the implant is not known, so the model's longest service life can't be counted.")
    row.refill_reason = reason[:LONGEST_TEXT]
    row.unknown = list(dict.fromkeys(unknown))
    return off


def _filled_in_view(
    filled_at: datetime | None, points: Sequence[ReservoirPoint], rose_at: datetime | None, refills: Sequence[Refill]
) -> datetime | None:
    """When the reports show a fill; None where the first report in view shows one that was found before it.

    Old reports are thinned out: the first one that is left may only look like the fill that a finding dated rightly.
    """
    first = points[0].at if points else None
    found_before = rose_at is not None and first is not None and rose_at < first
    logged_since = bool(refills) and rose_at is not None and refills[-1].at > rose_at
    return None if found_before and not logged_since and filled_at == first else filled_at


def fill_at_implant(pump: Pump, zone: str, now: datetime) -> datetime | None:
    """When the pump was filled at its implant, where no other fill can have come before its enrolment unseen.

    The start of that day at the clinic: a limit is then never counted too long. None where the day is not known.
    """
    if pump.implanted_on is None or pump.lifecycle == "in_stock":
        return None
    start = datetime.combine(pump.implanted_on, time(), zone_named(zone))
    fits = pump.created_at - start <= ENROLLED_WITHIN and now - start <= LONGEST_FIRST_FILL
    return start if fits else None


def _uncounted(prescription: Prescription | None) -> list[str]:
    """Why the boluses of a prescription can't be counted, where they can't."""
    boluses = None if prescription is None else boluses_ml_per_day(prescription)
    return [f"The patient's boluses can't be counted. {boluses.reason}"] if isinstance(boluses, Unknown) else []


def _write(row: Ahead, forecast: ReservoirForecast | Unknown) -> None:
    low, empty = (forecast.low, forecast.empty) if isinstance(forecast, ReservoirForecast) else (None, None)
    row.low_mark_low_at, row.low_mark_median_at, row.low_mark_high_at = ends(low)
    row.empty_low_at, row.empty_median_at, row.empty_high_at = ends(empty)
    words = str(forecast) if isinstance(forecast, Unknown) else " ".join(forecast.basis)
    row.reservoir_basis = words[:LONGEST_TEXT]


def ends(interval: Interval | None) -> tuple[datetime | None, datetime | None, datetime | None]:
    """The three dates of an interval, or none."""
    return (None, None, None) if interval is None else (interval.low, interval.median, interval.high)
