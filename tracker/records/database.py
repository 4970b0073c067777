"""The database: connections, and the two kinds of transaction that the edges open.

``reading()`` never takes SQLite's write lock; ``writing()`` takes it at the start, so that a transaction that read
first is never refused half-way. The edge opens and commits; actions never commit.
"""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, cast

import msgspec
import psycopg
from sqlalchemy import Connection, Engine, create_engine, event, text
from sqlalchemy.engine import make_url
from sqlalchemy.pool import QueuePool
from sqlmodel import Session

from tracker.errors import StartupFault
from tracker.private_files import private_file, private_folder
from tracker.records import pool_use, session_settings, statement_log, statement_spans
from tracker.records.deadline import Hang
from tracker.records.write_turn import WriteTurns

_WRITES = "tracker_writes"
_MORE_AT_A_PEAK = 8
_STANDS_STILL_MS = 10_000
"""So long may pass between two statements of a write: far longer than any that were measured, loaded or not."""


class Database:
    """One database and its pool of connections, safe to share between threads."""

    def __init__(self, url: str, *, pool_size: int = 8, answers_within_s: float | None = None) -> None:
        """Connect when asked. PostgreSQL must answer each statement within so many seconds; None waits for ever."""
        parsed = make_url(url)
        if parsed.get_backend_name() == "postgresql" and parsed.drivername in {"postgresql", "postgres"}:
            parsed = parsed.set(drivername="postgresql+psycopg")
        if parsed.get_backend_name() not in {"sqlite", "postgresql"}:
            raise StartupFault(f"TRACKER_DATABASE_URL names {parsed.drivername}: only sqlite and postgresql are known")
        self.url = parsed
        self.is_sqlite = parsed.get_backend_name() == "sqlite"
        options: dict[str, Any] = {"pool_pre_ping": not self.is_sqlite, "pool_size": pool_size}
        options["max_overflow"] = _MORE_AT_A_PEAK
        if answers_within_s is not None:
            options["pool_timeout"] = answers_within_s
        options["pool_use_lifo"] = True  # the connection used last has its plans and pages at hand
        options |= {"json_serializer": _to_json, "json_deserializer": _from_json}
        if self.is_sqlite:
            if not parsed.database or parsed.database == ":memory:":
                raise StartupFault("TRACKER_DATABASE_URL must name a file: records kept in memory would be lost")
            private_folder(Path(parsed.database).parent)
            options |= {"poolclass": QueuePool, "connect_args": {"check_same_thread": False, "timeout": 30}}
        self.engine: Engine = create_engine(parsed, **options)
        if not self.is_sqlite:
            session_settings.listen(self.engine, None if answers_within_s is None else round(answers_within_s * 900))
        if self.is_sqlite:
            event.listen(self.engine, "do_connect", self._make_file)
            event.listen(self.engine, "connect", _prepare_sqlite)
            self._take_turns(WriteTurns(parsed.database or ""))
        statement_log.listen(self.engine)
        statement_spans.listen(self.engine)
        pool_use.count(self.engine, pool_size + _MORE_AT_A_PEAK)
        self._hang: Hang | None = None
        if answers_within_s is not None and not self.is_sqlite:
            self._hang = Hang(answers_within_s)
            self._hang.listen(self.engine)
            event.listen(self.engine, "begin", _begin_postgresql)
        self._writer = self.engine.execution_options(**{_WRITES: True})

    @contextmanager
    def reading(self) -> Iterator[Session]:
        """A transaction that only reads; it ends with the block."""
        with self._watching(), Session(self.engine, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes: committed when the block ends well, undone when it raises."""
        with self._watching(), Session(self._writer, expire_on_commit=False) as session, session.begin():
            yield session

    def answers(self) -> bool:
        """Whether the database takes a query now."""
        try:
            with self._watching(), self.engine.connect() as connection:
                connection.execute(text("SELECT 1"))
        except Exception:  # noqa: BLE001 - whatever the fault, the answer is no
            return False
        return True

    def is_pooled(self) -> bool:
        """Whether a pooler stands before PostgreSQL, so that nothing may be left in one of its sessions."""
        if self.is_sqlite:
            return False
        with self.engine.connect() as connection:
            return session_settings.is_pooled(cast("psycopg.Connection", connection.connection.driver_connection))

    def _watching(self) -> AbstractContextManager[None]:
        return contextlib.nullcontext() if self._hang is None else self._hang.watching()

    def room_bytes(self) -> int | None:
        """Free bytes of the disk under SQLite's file; None with PostgreSQL, whose disk can't be seen from here."""
        if not self.is_sqlite or not self.url.database:
            return None
        disk = os.statvfs(Path(self.url.database).parent)
        return disk.f_bavail * disk.f_frsize

    def _make_file(self, *_: object) -> None:
        """SQLite would make it readable for all; its log and the log's index get the mode of the database."""
        file = self.url.database or ""
        if not file.startswith("file:"):  # SQLite's own address, whose path is not for us to read
            with contextlib.suppress(OSError):  # SQLite then says what is wrong
                private_file(Path(file))

    def _take_turns(self, turns: WriteTurns) -> None:
        def begin(connection: Connection) -> None:
            if connection.get_execution_options().get(_WRITES):
                turns.begin(connection)
            else:
                driver: Any = connection.connection.driver_connection
                driver.execute("BEGIN")  # takes no lock yet, so there is nothing to time or to tell of

        def ends(connection: Connection) -> None:
            if connection.get_execution_options().get(_WRITES):
                turns.wrote()

        event.listen(self.engine, "begin", begin)
        event.listen(self.engine, "commit", ends)
        event.listen(self.engine, "rollback", ends)

    def close(self) -> None:
        """Give back every connection."""
        self.engine.dispose()


def _to_json(value: object) -> str:
    """JSON, several times as fast as the standard library; what only that can write, it writes."""
    try:
        return msgspec.json.encode(value).decode()
    except (OverflowError, UnicodeEncodeError):
        return json.dumps(value)


def _from_json(told: str | bytes) -> Any:
    try:
        return msgspec.json.decode(told)
    except msgspec.DecodeError:
        return json.loads(told)


def _prepare_sqlite(connection: sqlite3.Connection, _record: object) -> None:
    connection.isolation_level = None  # transactions are begun by _take_turns, not by the driver
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "busy_timeout=30000",
        "cache_size=-16000",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _begin_postgresql(connection: Connection) -> None:
    """A process that is stopped inside a write would keep its rows from all others: the server ends its transaction.

    It is set in each transaction, not in the session, which a pooler in between may give to another process.
    """
    if connection.get_execution_options().get(_WRITES):
        connection.exec_driver_sql(f"SET LOCAL idle_in_transaction_session_timeout = {_STANDS_STILL_MS}")
