"""A pump's history thinned out to what a forecast needs, so that years of readings are read once and never again.

Points are plain lists, as they are stored: a battery's are [microseconds, percent, volts, indicator, flow], a
reservoir's [microseconds, mL, flow, mode, epoch, number]. The newest points are kept as they came; older ones of
the battery are merged into spans, a point each with the means.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from statistics import fmean
from typing import Any, Protocol

Point = list[Any]

DAY = 86_400 * 1_000_000
RAW = 60
SPANS = 110
SHORTEST_SPAN = 4 * DAY
RAW_SPACING = DAY // 4
RESERVOIR_POINTS = 90
JUMP_ML = 0.5
ENDING = frozenset({"eri", "eos"})
_ORIGIN = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Seen(Protocol):
    """A reading, whatever record it comes from."""

    @property
    def measured_at(self) -> datetime:
        """When the pump measured it."""

    @property
    def epoch(self) -> int:
        """The communicator's count in which it stands."""

    @property
    def seq(self) -> int:
        """Its number in that count."""

    @property
    def reservoir_ml(self) -> float:
        """The volume left."""

    @property
    def flow_ml_per_day(self) -> float | None:
        """The flow, where it was said."""

    @property
    def infusion(self) -> str:
        """How it delivers."""

    @property
    def battery_percent(self) -> float | None:
        """The part of the battery left, where it was said."""

    @property
    def battery_voltage_v(self) -> float | None:
        """Its voltage, where it was said."""

    @property
    def battery_indicator(self) -> str | None:
        """Its indicator, where it was said."""


def micros(moment: datetime) -> int:
    """Microseconds since 1970."""
    return (moment - _ORIGIN) // _MICROSECOND


def moment(micros_: int) -> datetime:
    """The aware time of that many microseconds since 1970."""
    return _ORIGIN + micros_ * _MICROSECOND


def battery_points(known: Sequence[Point], readings: Iterable[Seen]) -> list[Point]:
    """The known points with the readings added, thinned. A reading that is in already changes nothing."""
    merged = {point[0]: point for point in known}
    oldest_raw = known[-RAW][0] if len(known) >= RAW else None
    for one in readings:
        at = micros(one.measured_at)
        said = (one.battery_percent, one.battery_voltage_v, one.battery_indicator, one.flow_ml_per_day)
        if at in merged or said == (None, None, None, None):
            continue
        merged_already = oldest_raw is not None and at < oldest_raw and len(known) > RAW
        if merged_already and one.battery_indicator not in ENDING:
            continue  # one reading more would not move the mean of its span; an indicator is news however late it comes
        merged[at] = [at, *said]
    return _thin([merged[at] for at in sorted(merged)])


def _thin(points: list[Point]) -> list[Point]:
    if len(points) <= RAW + SPANS:
        return points
    spaced = _spaced(points)
    if len(spaced) <= RAW + SPANS:
        return spaced
    old, raw = spaced[:-RAW], spaced[-RAW:]
    length = max(SHORTEST_SPAN, (old[-1][0] - old[0][0]) // (SPANS // 2))
    spans: list[list[Point]] = []
    for point in old:
        if spans and point[0] - spans[-1][0][0] < length and point[3] == spans[-1][0][3] and not _first_of(spans):
            spans[-1].append(point)
        else:
            spans.append([point])
    return [_merged(span) for span in spans] + raw


def _first_of(spans: Sequence[Sequence[Point]]) -> bool:
    """Whether the last span is the first report of an indicator: its moment dates the end of service, and stays."""
    shown = spans[-1][0][3]
    return len(spans[-1]) == 1 and shown in ENDING and (len(spans) == 1 or spans[-2][0][3] != shown)


def _spaced(points: list[Point]) -> list[Point]:
    """At most one point per quarter of a day, but every change of the indicator and the newest point."""
    kept: list[Point] = []
    for point in points:
        if kept and point[0] - kept[-1][0] < RAW_SPACING and point[3] == kept[-1][3]:
            continue
        kept.append(point)
    return kept if kept[-1] is points[-1] else [*kept, points[-1]]


def _merged(span: Sequence[Point]) -> Point:
    if len(span) == 1:
        return span[0]
    at = sum(point[0] for point in span) // len(span)
    return [at, _mean(span, 1), _mean(span, 2), span[0][3], _mean(span, 4)]


def _mean(span: Sequence[Point], place: int) -> float | None:
    values = [point[place] for point in span if point[place] is not None]
    return round(fmean(values), 4) if values else None


def with_readings(known: Sequence[Point], readings: Iterable[Seen]) -> list[Point]:
    """A reservoir's points with the readings added, none left out, in order of measurement."""
    merged = {point[0]: point for point in known}
    for one in readings:
        at = micros(one.measured_at)
        merged.setdefault(at, [at, one.reservoir_ml, one.flow_ml_per_day, one.infusion, one.epoch, one.seq])
    return [merged[at] for at in sorted(merged)]


def holds_last(points: Iterable[Point], epoch: int, through_seq: int, count: int, others: Iterable[int]) -> bool:
    """Whether a reservoir's points hold each of the last ``count`` numbers of the epoch up to that one.

    ``others``: numbers of the epoch that belong to messages of another kind.
    """
    held = {point[5] for point in points if point[4] == epoch}
    return held.union(others).issuperset(range(max(through_seq - count, 0) + 1, through_seq + 1))


def reservoir_points(known: Sequence[Point], readings: Iterable[Seen]) -> list[Point]:
    """The newest points with the readings added: at most two a day, but every jump of the volume and the newest."""
    points = with_readings(known, readings)
    kept: list[Point] = []
    last = len(points) - 1
    for place, point in enumerate(points):
        spaced = not kept or place == last or point[0] - kept[-1][0] >= DAY // 2
        if spaced or _jumps(points[place - 1], point) or abs(points[place + 1][1] - point[1]) > JUMP_ML:
            kept.append(point)
    return kept[-RESERVOIR_POINTS:]


def _jumps(before: Point, after: Point) -> bool:
    """Whether the volume jumps from one point to the next, or the mode changes."""
    return bool(abs(after[1] - before[1]) > JUMP_ML or after[3] != before[3])
