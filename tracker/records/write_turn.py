"""Writers of SQLite take turns: who waits to write goes before who has just written.

SQLite lets a writer that waits look again every tenth of a second. A process that writes again and again leaves the
database free for less than that, and the others wait for as long as it goes on. So whoever waits looks every few
milliseconds, and shows that it waits by a shared lock on a file beside the database. Whoever has just written looks
for that lock and lets the others go first. This ends after a moment: a process that was stopped while it waited delays
the others by that moment, never for longer.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import structlog
from sqlalchemy import Connection

_LOOK_EVERY_S: Final = 0.002
_JUST_S: Final = 1.0
"""A thread that wrote so lately lets the others go first: long enough for the disk to take what it wrote."""
_COURTESY_S: Final = 0.1
"""So long it lets them. Assumed: on a machine with free processors, a writer that waits needs two milliseconds."""
_LONG_S: Final = 1.0

_log = structlog.get_logger("tracker.statements")


class WriteTurns:
    """The turns of one database file, as one process takes them."""

    def __init__(self, file: str, seconds: Callable[[], float] = time.monotonic) -> None:
        self._path = None if file.startswith("file:") else f"{file}-turn"  # SQLite's own address is no path
        self._seconds = seconds
        self._own = threading.local()
        self._pause = threading.Event()  # never set; libfaketime's sleep fails where a moment is over at once

    def begin(self, connection: Connection) -> None:
        """Begin a transaction that writes. Raises ``OperationalError`` where the database stays locked for too long."""
        driver: Any = connection.connection.driver_connection
        (patience_ms,) = driver.execute("PRAGMA busy_timeout").fetchone()
        driver.execute("PRAGMA busy_timeout = 0")
        try:
            self._let_others_go_first()
            if not self._waited(driver, patience_ms / 1000):
                connection.exec_driver_sql("BEGIN IMMEDIATE")  # once more: the fault is then SQLAlchemy's, as any other
        finally:
            driver.execute(f"PRAGMA busy_timeout = {patience_ms}")

    def wrote(self) -> None:
        """This thread's write ends now."""
        self._own.wrote_at = self._seconds()

    def _let_others_go_first(self) -> None:
        wrote_at = getattr(self._own, "wrote_at", None)
        if wrote_at is None or self._seconds() - wrote_at > _JUST_S:
            return
        until = self._seconds() + _COURTESY_S
        while self._somebody_waits() and self._seconds() < until:
            self._pause.wait(_LOOK_EVERY_S)

    def _waited(self, driver: sqlite3.Connection, patience_s: float) -> bool:
        """Wait for the turn, in sight of the others; whether it came in time."""
        if (taken := _takes(driver)) is not None:
            return taken
        began, shown = self._seconds(), False
        with self._file() as file:
            while (waited := self._seconds() - began) < patience_s:
                shown = shown or _locked(file, fcntl.LOCK_SH)
                self._pause.wait(_LOOK_EVERY_S)
                if (taken := _takes(driver)) is not None:
                    if waited >= _LONG_S:
                        _log.warning("a write waited long for its turn", seconds=round(waited, 3))
                    return taken
        return False

    def _somebody_waits(self) -> bool:
        with self._file() as file:
            return file is not None and not _locked(file, fcntl.LOCK_EX)

    @contextmanager
    def _file(self) -> Iterator[int | None]:
        """The file that shows who waits; None where there is none, and then nobody shows it."""
        if self._path is None:
            yield None
            return
        try:
            file = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError:
            yield None
            return
        try:
            yield file
        finally:
            os.close(file)


def _takes(driver: sqlite3.Connection) -> bool | None:
    """Whether the database is this connection's to write now; None while another has it, False for another fault."""
    try:
        driver.execute("BEGIN IMMEDIATE")
    except sqlite3.OperationalError as fault:
        return None if fault.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY else False
    return True


def _locked(file: int | None, how: int) -> bool:
    """Whether the lock was free; it is given back with the file."""
    if file is None:
        return False
    try:
        fcntl.flock(file, how | fcntl.LOCK_NB)
    except OSError:
        return False
    return True
