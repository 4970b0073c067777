"""Write batches over one connection: retry what is transient, isolate a message that fails, wait for the database."""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any, Final, TypeVar

import structlog
from opentelemetry import trace
from sqlalchemy import Connection

from tracker.ingest import gc_tuning
from tracker.ingest.batch import Stored
from tracker.ingest.budget_limits import DEFAULT, Budget
from tracker.ingest.inbound_message import Arrival
from tracker.ingest.store import Store
from tracker.records.database import Database
from tracker.records.database_errors import Fault, kind_of

Answer = TypeVar("Answer")

_log = structlog.get_logger("tracker.ingest")
_tracer = trace.get_tracer("tracker.ingest")
_COUNT: Final = "messaging.batch.message_count"
_LOG_PAGES: Final = 4000
_MEETINGS: Final = 20  # times that a transaction may run into another before the database counts as down


class DatabaseDown(Exception):
    """The database can't take the batch now. Nothing of it was acknowledged; all of it will come again."""


class Ledger:
    """Writes batches through one lasting connection."""

    def __init__(self, database: Database, rejected_per_pump: int, budget: Budget = DEFAULT) -> None:
        self._database = database
        self._store = Store(rejected_per_pump, budget)
        self._connection: Connection | None = None

    def connection(self) -> Connection:
        """The lasting connection, opened where there is none. Raises ``DatabaseDown``."""
        if self._connection is None:
            try:
                self._connection = self._database.engine.connect().execution_options(tracker_writes=True)
                self._tune(self._connection)
            except Exception as fault:
                raise DatabaseDown(str(fault)) from fault
        return self._connection

    def _tune(self, connection: Connection) -> None:
        """Let SQLite's log grow further before it is carried over: batches change the same pages again and again."""
        if self._database.is_sqlite:
            driver: Any = connection.connection.driver_connection
            driver.execute(f"PRAGMA wal_autocheckpoint={_LOG_PAGES}")

    def write(self, arrivals: Sequence[Arrival], now: datetime) -> Stored:
        """Commit the arrivals; one that can't be stored is found by halving and stored as rejected.

        Raises ``DatabaseDown`` where that can't be done now; a part may have been committed, and comes again as
        duplicates.
        """
        try:
            with (
                gc_tuning.one_batch(),
                _tracer.start_as_current_span("ingest batch", attributes={_COUNT: len(arrivals)}),
            ):
                return self._write(arrivals, now)
        except DatabaseDown:
            self.close()
            raise

    def ask(self, question: Callable[[Connection], Answer]) -> Answer:
        """Do something else with the lasting connection. Any fault is ``DatabaseDown``."""
        try:
            return question(self.connection())
        except DatabaseDown:
            raise
        except Exception as fault:
            self.close()
            raise DatabaseDown(str(fault)) from fault

    def close(self) -> None:
        """Give the connection up, whatever its state."""
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(Exception):
                connection.invalidate()
            with suppress(Exception):
                connection.close()
            self._database.close()

    def _write(self, arrivals: Sequence[Arrival], now: datetime, fault: str = "") -> Stored:
        blamed: Exception | None = None
        for _ in range(_MEETINGS):
            try:
                return self._store.write(self.connection(), arrivals, now, fault)
            except DatabaseDown:
                raise
            except Exception as raised:  # noqa: BLE001 - each kind is handled below, and none may end the process
                kind = kind_of(raised)
                blamed = raised
            if kind is Fault.DATA:
                break
            if kind is Fault.DOWN:
                raise DatabaseDown(str(blamed)) from blamed
            time.sleep(random.uniform(0.005, 0.05))  # noqa: S311 - so that two that met don't meet again
        else:
            raise DatabaseDown(f"{_MEETINGS} attempts met other transactions: {blamed}") from blamed
        if fault:
            raise DatabaseDown(f"a message can't even be kept as rejected: {blamed}") from blamed
        if len(arrivals) == 1:
            _log.warning("a message can't be stored and is kept as rejected", topic=arrivals[0].topic, exc_info=blamed)
            return self._write(arrivals, now, f"payload can't be stored: {_sentence(blamed)}")
        middle = len(arrivals) // 2
        done = self._write(arrivals[:middle], now)
        done.add(self._write(arrivals[middle:], now))
        return done


def _sentence(fault: Exception | None) -> str:
    lines = str(fault).strip().splitlines()
    return "".join(letter if letter.isprintable() else " " for letter in (lines[0] if lines else type(fault).__name__))
