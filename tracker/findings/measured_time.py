"""How long something was truly measured: reports with no silence between them, and with no pause that was announced.

What lies across a silence is not known: the pump may have been refilled, stopped or set again, and nobody was heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Final

from tracker.findings.history import History, VolumeSeen

LONGEST_GAP: Final = timedelta(days=3)
"""Reports further apart than this, and than twice the interval that is expected, leave a silence. Assumed."""


def longest_gap(history: History) -> timedelta:
    """How far two reports may lie apart for the time between them to count as measured."""
    return max(LONGEST_GAP, 2 * history.report_interval)


def measured(
    history: History, start: datetime, end: datetime, holds: Callable[[VolumeSeen], bool] = lambda _seen: True
) -> timedelta:
    """For how long, from start to end, reports told without a silence that it held; announced pauses left out."""
    total = timedelta(0)
    for before, after in pairwise(history.volumes):
        if after.at - before.at > longest_gap(history) or not (holds(before) and holds(after)):
            continue
        first, last = max(before.at, start), min(after.at, end)
        if last > first:
            total += last - first - paused(history, first, last)
    return total


def paused(history: History, start: datetime, end: datetime) -> timedelta:
    """How much of the time from start to end the clinic had announced that no report would come."""
    parts = ((max(first, start), min(last, end)) for first, last in history.paused)
    return sum((last - first for first, last in parts if last > first), timedelta(0))


def heard_together(history: History, before: VolumeSeen, after: VolumeSeen) -> bool:
    """Whether two reports follow each other without a silence."""
    return after.at - before.at <= longest_gap(history)


def runs(history: History, holds: Callable[[VolumeSeen], bool]) -> Iterator[list[VolumeSeen]]:
    """Each stretch of reports, with no silence in it, for which it held."""
    run: list[VolumeSeen] = []
    for seen in history.volumes:
        if not holds(seen):
            if run:
                yield run
            run = []
            continue
        if run and not heard_together(history, run[-1], seen):
            yield run
            run = []
        run.append(seen)
    if run:
        yield run
