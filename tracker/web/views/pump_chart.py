"""The values behind a pump's chart: readings thinned by the database, the programmed course, the forecast's band."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from devices.alarms import AlarmCode, meaning
from devices.model import PumpModel
from devices.prescription import flow_for
from devices.prescription_json import prescription_or_none
from tracker.actions.visits.prescription import recorded_flow
from tracker.records.alarm import Alarm
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump
from tracker.records.queries.chart import Bucket, Span, merged
from tracker.records.visit import Visit
from tracker.web.views.formatting import number, sign

SPANS = {"90d": ("3 months", timedelta(days=90)), "1y": ("1 year", timedelta(days=366)), "all": ("All", None)}


@dataclass(frozen=True, slots=True)
class Point:
    """A moment and a value."""

    at: datetime
    value: float


def programmed_flow(prescription: Mapping[str, Any] | None) -> float | None:
    """The flow in mL a day that a prescription asks for; None where it does not say enough."""
    told = prescription_or_none(prescription)
    flow = None if told is None else flow_for(told)
    return float(flow) if isinstance(flow, Decimal) else None


def programmed_course(visits: Sequence[Visit], pump: Pump, model: PumpModel | None, end: datetime) -> list[list[Point]]:
    """What the reservoir should hold by the logged fills and prescriptions: one falling line per fill.

    A fill whose volume nobody logged starts no line, and a stretch without a known flow ends one: nothing is made up.
    """
    flows = _flows_after(visits, pump, model)
    lines: list[list[Point]] = []
    line: list[Point] = []
    flow: float | None = None
    for visit, flow_after in zip(visits, flows, strict=True):
        if line and flow is not None:
            line.append(_later(line[-1], visit.performed_at, flow))
        flow = flow_after
        if visit.refilled or flow is None:
            if len(line) > 1:
                lines.append(line)
            started = visit.refilled and visit.filled_ml is not None and flow is not None
            line = [Point(visit.performed_at, visit.filled_ml or 0.0)] if started else []
    if line and flow is not None:
        line.append(_later(line[-1], end, flow))
    if len(line) > 1:
        lines.append(line)
    return lines


def _flows_after(visits: Sequence[Visit], pump: Pump, model: PumpModel | None) -> list[float | None]:
    """The programmed flow after each visit: as it says itself, else as the next visit found it."""
    if model is not None and model.fixed_flow_ml_per_day is not None:
        return [model.fixed_flow_ml_per_day] * len(visits)
    found = recorded_flow(pump)
    flows: list[float | None] = []
    for visit in reversed(visits):
        after = programmed_flow(visit.prescription_after) or found
        flows.append(after)
        found = programmed_flow(visit.prescription_before) or (None if visit.reprogrammed else after)
    return flows[::-1]


def _later(point: Point, at: datetime, flow_ml_per_day: float) -> Point:
    days = (at - point.at) / timedelta(days=1)
    return Point(at, max(0.0, point.value - days * flow_ml_per_day))


def chart_values(
    *,
    buckets: Sequence[Bucket],
    course: Sequence[Sequence[Point]],
    alarms: Sequence[Alarm],
    visits: Sequence[Visit],
    outlook: Outlook | None,
    model: PumpModel | None,
    span: Span,
    now: datetime,
) -> dict[str, Any]:
    """Everything that the script draws, as JSON values; times are seconds since 1970."""
    times: list[float] = []
    series: dict[str, list[float | None]] = {"reservoir_ml": [], "battery_percent": [], "flow_ml_per_day": []}
    for bucket in buckets:
        ends = (
            [(bucket.first_at, True)]
            if bucket.first_at == bucket.last_at
            else [
                (bucket.first_at, True),
                (bucket.last_at, False),
            ]
        )
        for at, first in ends:
            times.append(at.timestamp())
            series["reservoir_ml"].append(bucket.reservoir_high_ml if first else bucket.reservoir_low_ml)
            series["battery_percent"].append(bucket.battery_high_percent if first else bucket.battery_low_percent)
            series["flow_ml_per_day"].append(bucket.flow_high_ml_per_day if first else bucket.flow_low_ml_per_day)
    return {
        "from": span.start.timestamp(),
        "to": span.end.timestamp(),
        "now": now.timestamp(),
        "t": times,
        **series,
        "course": [[[point.at.timestamp(), round(point.value, 3)] for point in line] for line in course],
        "capacity_ml": model.capacity_ml if model else None,
        "forecast": _forecast(buckets, outlook, model, now),
        "alarms": [
            {
                "from": alarm.first_seen_at.timestamp(),
                "to": alarm.cleared_at.timestamp() if alarm.cleared_at else None,
                "what": meaning(AlarmCode(alarm.code)).title,
                "look": sign(alarm.priority)[0],
                "word": sign(alarm.priority)[1],
            }
            for alarm in alarms
        ],
        "visits": [
            {"at": visit.performed_at.timestamp(), "what": visit_acts(visit), "draft": visit.status == "draft"}
            for visit in visits
            if visit.performed_at >= span.start
        ],
    }


def _forecast(
    buckets: Sequence[Bucket], outlook: Outlook | None, model: PumpModel | None, now: datetime
) -> dict[str, Any] | None:
    """The battery's expected course: from the newest reading through the indicator to the end of service."""
    known = [bucket.battery_low_percent for bucket in buckets if bucket.battery_low_percent is not None]
    if outlook is None or model is None or model.battery is None or not known:
        return None
    if outlook.eos_low_at is None or outlook.eos_median_at is None or outlook.eos_high_at is None:
        return None
    eri_percent = model.battery.eri_percent.value
    start = [now.timestamp(), known[-1]]
    courses = {}
    for name, eri, eos in (
        ("low", outlook.eri_low_at, outlook.eos_low_at),
        ("median", outlook.eri_median_at, outlook.eos_median_at),
        ("high", outlook.eri_high_at, outlook.eos_high_at),
    ):
        middle = [[eri.timestamp(), eri_percent]] if eri and now < eri < eos and known[-1] > eri_percent else []
        courses[name] = [start, *middle, [eos.timestamp(), 0.0]]
    return courses


def visit_acts(visit: Visit) -> str:
    """What was done at a visit, in words."""
    done = [
        word
        for word, was in (
            ("refill", visit.refilled),
            ("reprogramming", visit.reprogrammed),
            ("analysis", visit.analysed),
        )
        if was
    ]
    return (", ".join(done) or "visit").capitalize()


@dataclass(frozen=True, slots=True)
class Plain:
    """One line of the drawing that is there without a script: its name, its path and its range in words."""

    name: str
    look: str
    path: str
    lowest: str
    highest: str


WIDTH, HEIGHT = 1000, 120


def plain_lines(buckets: Sequence[Bucket], span: Span) -> list[Plain]:
    """The same readings as paths of an SVG of ``WIDTH`` by ``HEIGHT``: shown without a script and on paper."""
    length = (span.end - span.start).total_seconds() or 1
    drawn = []
    for name, look, unit, highs, lows, places in (
        ("Reservoir", "reservoir", "mL", "reservoir_high_ml", "reservoir_low_ml", 1),
        ("Battery", "battery", "%", "battery_high_percent", "battery_low_percent", 0),
        ("Flow", "flow", "mL/day", "flow_high_ml_per_day", "flow_low_ml_per_day", 3),
    ):
        points = [
            (at, value)
            for bucket in buckets
            for at, value in ((bucket.first_at, getattr(bucket, highs)), (bucket.last_at, getattr(bucket, lows)))
            if value is not None
        ]
        if not points:
            continue
        top = max(value for _, value in points)
        steps = [
            f"{WIDTH * (at - span.start).total_seconds() / length:.1f} {HEIGHT * (1 - value / (top * 1.05 or 1)):.1f}"
            for at, value in points
        ]
        bottom = min(value for _, value in points)
        drawn.append(Plain(name, look, "M" + "L".join(steps), number(bottom, places, unit), number(top, places, unit)))
    return drawn


def table_of(buckets: Sequence[Bucket], rows: int = 24) -> list[Bucket]:
    """The readings thinned further, for the table behind the chart, the newest first."""
    step = max(1, -(-len(buckets) // rows))
    thinned = [merged(buckets[start : start + step]) for start in range(0, len(buckets), step)]
    return thinned[::-1]
