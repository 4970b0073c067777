"""The sweep: evaluate the pumps that changed or are due, as sets, with the write lock held for moments only."""

from __future__ import annotations

from datetime import datetime
from itertools import pairwise
from typing import Final

from tracker.actions.evaluate_pumps import Thought, record, think
from tracker.records.database import Database
from tracker.records.pump import due_pumps

THINK_ABOUT: Final = 500
WRITE_AT_ONCE: Final = 250


def sweep(database: Database, now: datetime) -> int:
    """Evaluate every pump that is due by now. Returns how many were."""
    seen = 0
    while True:
        with database.reading() as session:
            thoughts = think(session, due_pumps(session, now, THINK_ABOUT), now)
        for some in in_parts(thoughts, WRITE_AT_ONCE):
            with database.writing() as session:
                seen += record(session, some, now)
        if len(thoughts) < THINK_ABOUT:
            return seen


def in_parts(thoughts: list[Thought], size: int) -> list[list[Thought]]:
    """The list cut into parts of that size at the most."""
    marks = [*range(0, len(thoughts), size), len(thoughts)]
    return [thoughts[start:end] for start, end in pairwise(marks)]
