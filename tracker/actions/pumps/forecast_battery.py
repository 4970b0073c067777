"""The battery's part of an outlook: its forecast, and what the pump itself told, from points and notices."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, tzinfo

from devices.alarms import AlarmCode
from devices.battery import BatteryForecast, BatteryPoint, forecast_battery, hard_limit
from devices.interval import Unknown
from devices.model import PumpModel
from devices.report import Indicator
from tracker.findings.battery_seen import NoticeSeen
from tracker.findings.reading_points import Point, moment
from tracker.records.forecast import Ahead
from tracker.records.pump import Pump

_EVERY_DAYS = 3
_FLOW_CHANGE = 0.02  # the part of the flow; less is the rounding of a flexible programme
_INDICATORS = {each.value: each for each in Indicator}
_ENDING = {AlarmCode.ELECTIVE_REPLACEMENT: Indicator.ERI, AlarmCode.END_OF_SERVICE: Indicator.EOS}


def forecast_battery_into(
    row: Ahead,
    pump: Pump,
    model: PumpModel,
    fresh: int,
    notices: Sequence[NoticeSeen],
    now: datetime,
    zone: tzinfo,
    *,
    routine: bool,
) -> None:
    """Bring the battery's part up to date; ``fresh`` of its points are new. An ERI or EOS alarm is an indicator too."""
    limit = hard_limit(model, pump.implanted_on, zone)
    if routine and limit == row.limit_at and _holds(row, fresh, notices, now):
        return
    points = [_point(point) for point in row.battery_points]
    points += [
        BatteryPoint(one.first_seen_at, None, None, _ENDING[one.code], None) for one in notices if one.code in _ENDING
    ]
    _write(row, forecast_battery(model, pump.implanted_on, points, now, zone), limit)


def _holds(row: Ahead, fresh: int, notices: Sequence[NoticeSeen], now: datetime) -> bool:
    """Whether the stored forecast still holds: it is not this pump's day, and nothing that it rests on changed."""
    if not row.battery_basis or (row.pump_id + now.toordinal()) % _EVERY_DAYS == 0:
        return False
    if any(one.opened_at > row.computed_at for one in notices):
        return False
    newest = row.battery_points[-(fresh + 1) :]
    if not newest:
        return True
    steady = all(point[3] == newest[0][3] for point in newest)
    flows = [point[4] for point in newest if point[4] is not None]
    return steady and (not flows or max(flows) - min(flows) <= _FLOW_CHANGE * max(flows))


def _point(point: Point) -> BatteryPoint:
    at, percent, volts, indicator, flow = point
    return BatteryPoint(moment(at), volts, percent, None if indicator is None else _INDICATORS[indicator], flow)


def _write(row: Ahead, forecast: BatteryForecast | Unknown, limit: datetime | None) -> None:
    row.limit_at = limit
    if isinstance(forecast, Unknown):
        row.eri_low_at = row.eri_median_at = row.eri_high_at = None
        row.eos_low_at = row.eos_median_at = row.eos_high_at = None
        row.eri_seen_at = row.eos_seen_at = row.charge_low_at = row.charge_high_at = row.charge_at = None
        row.battery_doubt, row.battery_basis = "", str(forecast)
        return
    eri, eos, charge = forecast.eri, forecast.eos, forecast.by_charge
    row.eri_low_at, row.eri_median_at, row.eri_high_at = eri.low, eri.median, eri.high
    row.eos_low_at, row.eos_median_at, row.eos_high_at = eos.low, eos.median, eos.high
    row.eri_seen_at, row.eos_seen_at = forecast.eri_at, forecast.eos_at
    row.charge_low_at, row.charge_high_at = (None, None) if charge is None else (charge.low, charge.high)
    row.charge_at = forecast.charge_at
    row.battery_doubt, row.battery_basis = forecast.doubt or "", " ".join(forecast.basis)
