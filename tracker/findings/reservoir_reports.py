"""Reports of the reservoir beside each other, and the refills that explain what changed between them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Final

from tracker.findings.history import History, VolumeSeen, near

LOGGED_WITHIN: Final = timedelta(hours=48)
"""A visit may be logged so long after it was done, and its time may be so far off, before anything is said. Assumed."""
LEAST_RISE_ML: Final = 1.0
SETTLES_ML: Final = 0.5
SHORT_GAP: Final = timedelta(days=8)


def lasting(history: History) -> Iterator[tuple[VolumeSeen | None, VolumeSeen, VolumeSeen, VolumeSeen]]:
    """Each report with the two before it and the next: a change counts only once other reports bear it out."""
    seen = history.volumes
    yield from zip((None, *seen), seen, seen[1:], seen[2:], strict=False)


def flows(before: VolumeSeen, after: VolumeSeen) -> float:
    """The most that the reported flows take out between two reports, in mL."""
    flow = max(before.flow_ml_per_day or 0.0, after.flow_ml_per_day or 0.0)
    return flow * ((after.at - before.at) / timedelta(days=1))


def refilled_near(history: History, start: datetime, end: datetime) -> bool:
    """Whether a visit, a draft or a session tells of a refill in that time, give or take what people log late."""
    logged = any(one.refilled and near(one.performed_at, start, end, LOGGED_WITHIN) for one in history.visits)
    return logged or any(one.refilled and near(one.at, start, end, LOGGED_WITHIN) for one in history.sessions)
