"""The sweep: evaluate the pumps that changed or are due, as sets, with the write lock held for moments only."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from typing import Final

from tracker.actions.evaluate_pumps import Thought, record, think
from tracker.records.database import Database
from tracker.records.pump import due_pumps

THINK_ABOUT: Final = 500
WRITE_AT_ONCE: Final = 250


def sweep(database: Database, now: datetime) -> int:
    """Evaluate every pump that is due by now. Returns how many were.

    While one set is being written the next is thought about: the one waits for the database, the other computes.
    """
    seen = 0
    last: tuple[int, datetime] | None = None
    writing: Future[int] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="sweep") as writer:
        while True:
            with database.reading() as session:
                due = due_pumps(session, now, THINK_ABOUT, last)
                thoughts = think(session, due, now) if due else []
            seen += 0 if writing is None else writing.result()
            writing = writer.submit(_record, database, thoughts, now)
            if len(due) < THINK_ABOUT:
                return seen + writing.result()
            last = due[-1]


def _record(database: Database, thoughts: list[Thought], now: datetime) -> int:
    """Write a set, in parts of which each is one short transaction."""
    recorded = 0
    for start in range(0, len(thoughts), WRITE_AT_ONCE):
        with database.writing() as session:
            recorded += record(session, thoughts[start : start + WRITE_AT_ONCE], now)
    return recorded
