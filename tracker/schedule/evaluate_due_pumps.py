"""The sweep: evaluate the pumps that changed or are due, in batches, with the write lock held for moments only."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from datetime import datetime
from itertools import chain
from typing import Final

import structlog

from tracker.records.database import Database
from tracker.records.pump import due_pumps
from tracker.schedule.isolate_failures import PUT_OFF_FOR, Due, Swept, evaluate_isolated
from tracker.schedule.job import Unfinished
from tracker.schedule.worker_pool import evaluate_together, processes_at_hand, write

_LOG = structlog.get_logger(__name__)
THINK_ABOUT: Final = 500
ALONE_UP_TO: Final = 5000
"""So many pumps one process has evaluated sooner than several have started, which takes a second or two."""


def evaluate_due_pumps(
    database: Database, now: datetime, *, processes: int | None = None, alone_up_to: int = ALONE_UP_TO
) -> int:
    """Evaluate every pump that is due by now. Returns how many were.

    Where very many are due, as once a day, the sets are shared out to as many processes as there are processors.
    Raises ``Unfinished``, once all others are done, where pumps had to be put off.
    """
    swept = _swept(database, now, processes_at_hand() if processes is None else processes, alone_up_to)
    if swept.put_off:
        left = {one.serial: one.fault for one in swept.put_off}
        raise Unfinished(left, touched=swept.recorded, until=now + PUT_OFF_FOR)
    return swept.recorded


def _swept(database: Database, now: datetime, processes: int, alone_up_to: int) -> Swept:
    sets = _due_sets(database, now)
    first: list[Due] = []
    for due in sets:
        first.append(due)
        if processes > 1 and sum(map(len, first)) > alone_up_to:
            try:
                return evaluate_together(database, chain(first, sets), now, processes)
            except BrokenProcessPool:
                _LOG.exception("the processes of a sweep ended; it goes on in one")
                return _evaluate_alone(database, _due_sets(database, now), now)
    return _evaluate_alone(database, first, now)


def _due_sets(database: Database, now: datetime) -> Iterator[Due]:
    """The pumps that are due, set by set, longest waiting first; each once, whatever becomes due meanwhile."""
    last: tuple[int, datetime] | None = None
    while True:
        with database.reading() as session:
            due = due_pumps(session, now, THINK_ABOUT, last)
        if due:
            yield due
        if len(due) < THINK_ABOUT:
            return
        last = due[-1]


def _evaluate_alone(database: Database, sets: Iterable[Due], now: datetime) -> Swept:
    """While one set is being written the next is evaluated: the one waits for the database, the other computes."""
    swept = Swept()
    if isinstance(sets, list) and len(sets) == 1:
        evaluations, put_off = evaluate_isolated(database, sets[0], now)
        swept.add(write(database, evaluations, now), put_off)
        return swept
    writing: Future[int] | None = None
    with ThreadPoolExecutor(1, thread_name_prefix="sweep") as writer:
        for due in sets:
            evaluations, put_off = evaluate_isolated(database, due, now)
            swept.add(0, put_off)
            swept.add(0 if writing is None else writing.result())
            writing = writer.submit(write, database, evaluations, now)
        swept.add(0 if writing is None else writing.result())
    return swept
