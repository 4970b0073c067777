"""What a reservoir's thinned points show of delivery: when the pump last ran, and whether its volume stands.

Points are as they are stored: [microseconds, mL, flow, mode, epoch, number], in order of measurement. The functions
look back from the newest point and stop at the first that answers: nearly always after a few.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from tracker.findings.pump_snapshot import Standing
from tracker.findings.reading_points import DAY, Point, moment

NOT_RUNNING: Final = frozenset({"stopped", "minimum_rate"})
"""Ways of infusing in which the patient does not get what is usually prescribed."""
STANDS_WITHIN_ML: Final = 0.2
"""Volumes that differ by no more are the same one, measured with error and rounded. Assumed."""
SHOULD_BE_GONE_ML: Final = 1.0
"""So much must have flowed by the pump's own report before a volume that stands still is one. Assumed."""
STEPS_GONE: Final = 2.0
"""A pump that reports in coarse steps must have given so many of them. Assumed."""
LEAST_REPORTS: Final = 4
LEAST_SPAN: Final = 2 * DAY
"""Fewer reports, or within less time, prove nothing: one stale volume may be sent again. Assumed."""
EMPTY_ML: Final = 0.3
"""Below this nothing is left to fall; an empty reservoir has an item of its own. Assumed."""
_STEPS_ML: Final = (1.0, 0.5, 0.1)


def ran_at(points: Sequence[Point]) -> datetime | None:
    """When the newest report was measured that shows the pump running, neither stopped nor at minimum rate."""
    for point in reversed(points):
        if point[3] not in NOT_RUNNING:
            return moment(point[0])
    return None


def still_since(points: Sequence[Point]) -> datetime | None:
    """The first report of the run up to the newest in which the pump is stopped or at minimum rate; None if it runs."""
    first: Point | None = None
    for point in reversed(points):
        if point[3] not in NOT_RUNNING:
            break
        first = point
    return None if first is None else moment(first[0])


def standing_volume(points: Sequence[Point]) -> Standing | None:
    """The volume that stands still while a flow is reported; None where it falls, or where too little is known."""
    if not points or points[-1][1] <= EMPTY_ML:
        return None
    level, given, begins, count = points[-1][1], 0.0, len(points) - 1, 1
    for place in range(len(points) - 2, -1, -1):
        before, after = points[place], points[place + 1]
        flow = before[2]
        if not flow or before[3] in NOT_RUNNING or after[3] in NOT_RUNNING or not after[2]:
            break
        if abs(before[1] - level) > STANDS_WITHIN_ML:
            break
        given += min(flow, after[2]) * (after[0] - before[0]) / DAY
        begins, count = place, count + 1
    if count < LEAST_REPORTS or points[-1][0] - points[begins][0] < LEAST_SPAN or given < SHOULD_BE_GONE_ML:
        return None
    if given < STEPS_GONE * _step(points):
        return None
    return Standing(moment(points[begins][0]), level, given, count)


def _step(points: Sequence[Point]) -> float:
    """The coarsest step that every volume is a whole number of, in mL; 0 for a pump that reports finely."""
    for step in _STEPS_ML:
        if all(abs(point[1] / step - round(point[1] / step)) < 1e-6 for point in points):
            return step
    return 0.0
