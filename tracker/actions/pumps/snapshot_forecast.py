"""What a stored outlook holds, as the values that decisions are made from."""

from __future__ import annotations

from datetime import datetime

from devices.interval import Interval
from devices.volume_course import VolumeCourse
from tracker.actions.pumps.snapshot_battery import seen_battery
from tracker.findings.delivery_trace import ran_at, standing_volume, still_since
from tracker.findings.pump_snapshot import Expectation, OutlookSeen
from tracker.records.forecast import Ahead


def snapshot_forecast(row: Ahead, off: VolumeCourse | None) -> OutlookSeen:
    """The stored forecasts as values, beside the fall of the volume that the pump's flow does not explain."""
    return OutlookSeen(
        eri=Expectation(_interval(row.eri_low_at, row.eri_median_at, row.eri_high_at), row.battery_basis),
        eos=Expectation(_interval(row.eos_low_at, row.eos_median_at, row.eos_high_at), row.battery_basis),
        low_mark=Expectation(
            _interval(row.low_mark_low_at, row.low_mark_median_at, row.low_mark_high_at), row.reservoir_basis
        ),
        empty=Expectation(_interval(row.empty_low_at, row.empty_median_at, row.empty_high_at), row.reservoir_basis),
        refill_by=row.refill_by_at,
        refill_reason=row.refill_reason,
        ran_at=ran_at(row.reservoir_points),
        still_since=still_since(row.reservoir_points),
        standing=standing_volume(row.reservoir_points),
        off=off,
        battery=seen_battery(row),
        unknown=tuple(row.unknown or ()),
    )


def _interval(low: datetime | None, median: datetime | None, high: datetime | None) -> Interval | None:
    return None if low is None or median is None or high is None else Interval(low, median, high)
