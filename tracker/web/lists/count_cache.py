"""Counts over a whole clinic, cached for a minute and counted again in the background.

Where few rows are behind a number it is counted for every page and never kept. Where there are many, a page shows what
was counted at most a minute ago, or, after a pause, up to ``OLDEST`` ago while a new count begins; older it waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final, NamedTuple

import structlog
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import Session

from tracker.records.database import Database

FRESH: Final = timedelta(minutes=1)
OLDEST: Final = timedelta(minutes=10)
MANY: Final = 5000
_MOST = 500
_log = structlog.get_logger(__name__)


class Counted(NamedTuple):
    """A number (or several), when it was counted, and how many rows were looked at."""

    value: Any
    at: datetime
    rows: int

    @property
    def kept_at(self) -> datetime | None:
        """When it was counted, for a page to say; None where it is counted for each page."""
        return self.at if self.rows > MANY else None


@dataclass(slots=True)
class _Place:
    lock: threading.Lock = field(default_factory=threading.Lock)
    last: Counted | None = None


class Kept:
    """The numbers that this process has counted, each under its key."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._places: dict[Hashable, _Place] = {}

    def get(self, key: Hashable, count: Callable[[Session], tuple[Any, int]]) -> Counted:
        """What ``count`` tells, with the rows that it looked at: counted now, or kept where there were many."""
        with self._lock:
            if len(self._places) > _MOST:
                self._places.clear()
            place = self._places.setdefault(key, _Place())
        last, now = place.last, self._clock()
        if last is not None and last.rows > MANY and timedelta(0) <= now - last.at < OLDEST:
            if now - last.at >= FRESH and place.lock.acquire(blocking=False):
                threading.Thread(target=self._renew, args=(place, count), name="count", daemon=True).start()
            return last
        with place.lock:
            if last is not place.last and place.last is not None and place.last.rows > MANY:
                return place.last  # another page has just waited for it
            return self._count(place, count)

    def _count(self, place: _Place, count: Callable[[Session], tuple[Any, int]]) -> Counted:
        now = self._clock()
        with self._database.reading() as session:
            value, rows = count(session)
        place.last = Counted(value, now, rows)
        return place.last

    def _renew(self, place: _Place, count: Callable[[Session], tuple[Any, int]]) -> None:
        try:
            self._count(place, count)
        except SQLAlchemyError as fault:
            _log.warning("a count waits for the database", fault=type(fault).__name__)
        finally:
            place.lock.release()
