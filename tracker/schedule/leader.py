"""One leader among any number of schedulers: whoever holds the lease works, the others stand by.

The leader renews the lease at every look. One that ends in good order gives it back; one that was killed on this
machine is seen to be gone; one that hangs, or is disconnected, is replaced when its count has not moved for a while.
Nothing of this goes by the time of day.
"""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

import structlog
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from tracker.records.database import Database
from tracker.records.lease import Lease, give_back, lease, renew, take

LEASE: Final = "schedule"
LAPSES_S: Final = 10.0
"""A leader that has not renewed for so long is replaced; it renews every two seconds."""
_STOPS_S: Final = 7.0
"""A leader that could not renew for so long stops by itself, before another begins."""
_LOG = structlog.get_logger(__name__)


class Leadership:
    """The right to work; ask with ``hold`` again and again, since it can be lost."""

    def __init__(self, database: Database, seconds: Callable[[], float] = time.monotonic) -> None:
        self._database = database
        self._seconds = seconds
        self._holder = _this_process()
        self._renewed_at = 0.0
        self._seen: tuple[int, int] | None = None
        self._seen_at = 0.0
        self.fence: int | None = None
        """The number under which this process leads; None while it does not."""

    def hold(self) -> bool:
        """Renew the lease, or take it if no process renews it; whether it is held now."""
        if self.fence is not None:
            self._renew(self.fence)
        else:
            self._take()
        return self.fence is not None

    def let_go(self) -> None:
        """Give the lease back."""
        fence, self.fence = self.fence, None
        if fence is None:
            return
        try:
            with self._database.writing() as session:
                give_back(session, LEASE, fence)
        except SQLAlchemyError:  # it lapses by itself
            _LOG.info("the lease could not be given back")

    def _renew(self, fence: int) -> None:
        begun = self._seconds()
        try:
            with self._database.writing() as session:
                kept = renew(session, LEASE, fence)
        except SQLAlchemyError:
            kept = begun - self._renewed_at < _STOPS_S
        else:
            self._renewed_at = begun
        if not kept:
            self.fence = None

    def _take(self) -> None:
        begun = self._seconds()
        try:
            with self._database.reading() as session:
                seen = lease(session, LEASE)
            if not self._free(seen, begun):
                return
            with self._database.writing() as session:
                self.fence = take(session, LEASE, self._holder, seen)
        except IntegrityError:  # two took it for the first time; the other was faster
            return
        except SQLAlchemyError:
            return
        self._renewed_at = begun

    def _free(self, seen: Lease | None, now: float) -> bool:
        if seen is None or not seen.holder or _is_gone(seen.holder):
            return True
        if (seen.fence, seen.beat) != self._seen:
            self._seen, self._seen_at = (seen.fence, seen.beat), now
        return now - self._seen_at >= LAPSES_S


def _this_process() -> str:
    return f"{_machine()} {os.getpid()}"


def _machine() -> str:
    """Where process numbers mean the same; empty where that is not known."""
    try:
        return f"{socket.gethostname()[:100]} {Path('/proc/self/ns/pid').readlink()}"
    except OSError:
        return ""


def _is_gone(holder: str) -> bool:
    """Whether the holder ran on this machine and has ended; a number given to another process since says no."""
    machine, _, number = holder.rpartition(" ")
    if not machine or machine != _machine():
        return False
    try:
        os.kill(int(number), 0)
    except ProcessLookupError:
        return True
    except (PermissionError, ValueError):
        return False
    return _is_waited_for(int(number))


def _is_waited_for(number: int) -> bool:
    """Whether it has ended, and only its parent has not asked how."""
    try:
        said = Path(f"/proc/{number}/stat").read_text(errors="replace")
        return said.rpartition(")")[2].split()[0] in {"Z", "X"}
    except OSError:
        return False
