"""Evaluate in several processes: the batches of a day are shared out, each evaluated and written by one process.

The interpreter thinks on one processor at a time; a process each is what lets a sweep use more of them.
"""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from datetime import datetime
from multiprocessing import get_context, parent_process
from typing import Final

from tracker.actions.pumps.evaluate_pumps import Evaluation, save_evaluations
from tracker.records.database import Database
from tracker.schedule.fenced_database import FencedDatabase
from tracker.schedule.gc_tuning import calm_the_collector
from tracker.schedule.isolate_failures import Due, PutOff, Swept, evaluate_isolated

WRITE_AT_ONCE: Final = 250
MOST_PROCESSES: Final = 4


def processes_at_hand() -> int:
    """How many processes a sweep may take: as many as this one may use processors, within reason."""
    return min(len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else 1, MOST_PROCESSES)


def write(database: Database, evaluations: Sequence[Evaluation], now: datetime) -> int:
    """Write a set, in parts of which each is one short transaction. Returns how many were written."""
    recorded = 0
    for start in range(0, len(evaluations), WRITE_AT_ONCE):
        with database.writing() as session:
            recorded += save_evaluations(session, evaluations[start : start + WRITE_AT_ONCE], now)
    return recorded


def evaluate_together(database: Database, sets: Iterator[Due], now: datetime, processes: int) -> Swept:
    """Evaluate the sets in so many processes; the next set is asked for when one has become free.

    The first set that fails ends the sweep with its fault, once those under way are written; what is left stays due.
    """
    fenced = (database.lease, database.fence) if isinstance(database, FencedDatabase) else None
    begin_with = (database.url.render_as_string(hide_password=False), fenced)
    swept = Swept()
    under_way: set[Future[tuple[int, list[PutOff]]]] = set()
    pool = ProcessPoolExecutor(processes, mp_context=get_context("spawn"), initializer=_begin, initargs=begin_with)
    with pool:
        for due in sets:
            under_way.add(pool.submit(_evaluate, due, now))
            if len(under_way) > processes:
                done, under_way = wait(under_way, return_when=FIRST_COMPLETED)
                for each in done:
                    swept.add(*each.result())
        for each in under_way:
            swept.add(*each.result())
    return swept


_databases: list[Database] = []


def _begin(url: str, fenced: tuple[str, int] | None) -> None:
    """In the new process: its own connections, no ear for the keyboard, and an end when the parent's has come."""
    calm_the_collector()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    _databases.append(Database(url, pool_size=1) if fenced is None else FencedDatabase(url, *fenced, pool_size=1))


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)  # killed, it can't report; the set under way stays due


def _evaluate(due: Due, now: datetime) -> tuple[int, list[PutOff]]:
    evaluations, put_off = evaluate_isolated(_databases[0], due, now)
    return write(_databases[0], evaluations, now), put_off
