"""A PostgreSQL that hangs: no statement waits for ever, and while it hangs one caller tries and the others go on.

A server that is stopped, or a network that swallows packets, gives no error. The server's own time-outs don't help
then, so the driver gives up by its own clock, closes the connection and says so.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import psycopg
from psycopg.abc import RV, PQGen
from sqlalchemy import Dialect, Engine, event
from sqlalchemy.exc import OperationalError

_LOOK_EVERY_S: Final = 0.1
_TRY_AGAIN_S: Final = 1.0
_CONNECT_S: Final = 5
_SILENT: Final = "the database does not answer"


class _Patience(psycopg.Connection[Any]):
    """A connection that is closed when the server has not answered for so long."""

    hang: Hang

    def wait(self, gen: PQGen[RV], interval: float = _LOOK_EVERY_S, timeout: float | None = None) -> RV:
        """Wait for the server's answer. Raises ``OperationalError`` where none comes in time."""
        try:
            return super().wait(gen, interval, self.hang.within_s if timeout is None else timeout)
        except psycopg.errors._WaitTimeout:  # noqa: SLF001 - told apart from the other faults of its public base
            self.pgconn.finish()
            self.hang.note()
            raise psycopg.OperationalError(f"the database has not answered for {self.hang.within_s:g} s") from None


class Hang:
    """Whether the database has stopped answering, and whose turn it is to try again."""

    def __init__(self, answers_within_s: float, seconds: Callable[[], float] = time.monotonic) -> None:
        self.within_s = answers_within_s
        self._seconds = seconds
        self._lock = threading.Lock()
        self._try_at: float | None = None

    def listen(self, engine: Engine) -> None:
        """Have every connection of the engine give up in time."""
        kind: type[_Patience] = type("Connection", (_Patience,), {"hang": self})

        def connect(_dialect: Dialect, _record: object, arguments: Any, named: dict[str, Any]) -> Any:
            if self._just_noted():  # a connection was found dead; a new one would wait as long once more
                raise psycopg.OperationalError(_SILENT)
            given = {
                "connect_timeout": max(2, min(_CONNECT_S, round(self.within_s))),
                "keepalives_idle": 10,
                "keepalives_interval": 5,
                "keepalives_count": 3,
                "tcp_user_timeout": round(self.within_s * 1000),
                **named,
            }
            try:
                return kind.connect(*arguments, **given)
            except psycopg.errors.ConnectionTimeout:
                self.note()
                raise

        event.listen(engine, "do_connect", connect)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """A transaction: refused at once while the database hangs, save for the one that tries again."""
        self._enter()
        yield
        if self._try_at is not None:
            with self._lock:
                self._try_at = None

    def note(self) -> None:
        """It did not answer: for a moment nobody asks."""
        with self._lock:
            self._try_at = self._seconds() + _TRY_AGAIN_S

    def _just_noted(self) -> bool:
        with self._lock:
            return self._try_at is not None and 0 < self._try_at - self._seconds() <= _TRY_AGAIN_S

    def _enter(self) -> None:
        with self._lock:
            if self._try_at is None:
                return
            now = self._seconds()
            if now >= self._try_at:
                self._try_at = now + 2 * self.within_s + _TRY_AGAIN_S  # this one tries; the others wait for it
                return
        raise OperationalError("", None, psycopg.OperationalError(_SILENT))
