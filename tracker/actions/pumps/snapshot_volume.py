"""How a pump's volume falls against the flow that its record and its reports name, from the stored outlook."""

from __future__ import annotations

from collections.abc import Sequence

from devices.interval import Unknown
from devices.model import DeviceKind, PumpModel
from devices.prescription import Prescription, boluses_ml_per_day, flow_for
from devices.report import Infusion
from devices.reservoir_points import ReservoirPoint
from devices.volume_course import VolumeCourse, course_off
from tracker.findings.reading_points import Point, moment
from tracker.records.forecast import Ahead
from tracker.records.pump import Pump

_INFUSIONS = {each.value: each for each in Infusion}


def volume_points(row: Ahead, model: PumpModel | None) -> list[ReservoirPoint]:
    """The thinned history of the volume, in order of measurement; none for a port, which meters nothing."""
    if model is None or model.kind is DeviceKind.RESERVOIR:
        return []
    return [_point(point) for point in row.reservoir_points]


def volume_course(
    row: Ahead, pump: Pump, model: PumpModel | None, prescription: Prescription | None
) -> VolumeCourse | None:
    """The fall of the volume that neither the reported nor the prescribed flow explains; None where it fits."""
    return course_of(volume_points(row, model), pump, model, *asked_flow(prescription))


def course_of(
    points: Sequence[ReservoirPoint], pump: Pump, model: PumpModel | None, flow: float | None, boluses: float
) -> VolumeCourse | None:
    """The same from the volumes and the asked flow, both in mL a day, where the caller has read them already."""
    set_at = pump.prescribed_at
    if set_at is not None:  # what was measured under the dose before shows nothing of the one on record
        before = [place for place, one in enumerate(points) if one.flow_ml_per_day is None and one.at < set_at]
        points = points[before[-1] + 1 :] if before else points
    off = course_off(points, flow, boluses)
    if off is not None and off.ratio < 1 and model is not None and model.fixed_flow is not None:
        return None  # nothing in such a pump counts: its volume is told at visits, and stands between them
    return off


def asked_flow(prescription: Prescription | None) -> tuple[float | None, float]:
    """The prescribed flow, None where it can't be told or is zero, and all allotted boluses; both in mL a day."""
    if prescription is None:
        return None, 0.0
    flow, boluses = flow_for(prescription), boluses_ml_per_day(prescription)
    return (
        None if isinstance(flow, Unknown) or flow <= 0 else float(flow),
        0.0 if isinstance(boluses, Unknown) else float(boluses),
    )


def _point(point: Point) -> ReservoirPoint:
    at, volume, flow, infusion = point[:4]
    return ReservoirPoint(moment(at), volume, flow, _INFUSIONS[infusion])
