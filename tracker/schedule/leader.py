"""One leader among any number of schedulers: whoever holds the lock works, the others stand by.

PostgreSQL: an advisory lock held by one connection kept for it, so that the lock goes with the connection. SQLite: a
lock on a file beside the database, which the operating system lets go of when the process ends, however it ends.
"""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO, Final

from sqlalchemy import Connection, text
from sqlalchemy.exc import SQLAlchemyError

from tracker.records.database import Database

_LOCK: Final = 7_210_213  # an arbitrary number that the schedulers of this program share


class Leadership:
    """The right to work; ask with ``hold`` again and again, since it can be lost."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._connection: Connection | None = None
        self._file: IO[str] | None = None

    def hold(self) -> bool:
        """Take the lock if it is free; whether it is held now. Never waits."""
        return self._hold_file() if self._database.is_sqlite else self._hold_advisory()

    def let_go(self) -> None:
        """Give the lock back."""
        if self._file is not None:
            self._file.close()
            self._file = None
        if self._connection is not None:
            self._connection.invalidate()  # the lock lives as long as the server's side of the connection
            self._connection.close()
            self._connection = None

    def _hold_file(self) -> bool:
        if self._file is not None:
            return True
        file = Path(f"{self._database.url.database}.schedule.lock").open("w")  # noqa: SIM115 - kept while held
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._file = file
        return True

    def _hold_advisory(self) -> bool:
        try:
            if self._connection is not None:
                self._connection.execute(text("SELECT 1"))
                self._connection.commit()
                return True
            connection = self._database.engine.connect()
            held = connection.execute(text("SELECT pg_try_advisory_lock(:key)"), {"key": _LOCK}).scalar()
            connection.commit()
        except SQLAlchemyError:
            self.let_go()
            return False
        if held:
            self._connection = connection
        else:
            connection.close()
        return bool(held)
