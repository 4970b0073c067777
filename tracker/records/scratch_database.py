"""A scratch database to restore a copy into: made for a trial, and removed after it."""

from __future__ import annotations

import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import ProgrammingError

from tracker.errors import StartupFault
from tracker.records import backup
from tracker.records.database import Database


@contextmanager
def restored(live: Database, file: Path) -> Iterator[Database]:
    """The copy, put back as ``tracker db restore`` would: in a folder of its own, or a database of the same server.

    Raises ``StartupFault`` where the copy can't be put back, or the role may not make a database for it.
    """
    if live.is_sqlite:
        with tempfile.TemporaryDirectory(prefix="tracker-trial-") as folder:
            scratch = Database(f"sqlite:///{Path(folder) / 'tracker.db'}")
            try:
                backup.restore(scratch, file, force=False)
                yield scratch
            finally:
                scratch.close()
        return
    backup.require_direct(live)
    name = f"tracker_trial_{secrets.token_hex(6)}"
    _of_the_server(live, f"CREATE DATABASE {name}")
    scratch = Database(live.url.set(database=name).render_as_string(hide_password=False), pool_size=2)
    try:
        backup.restore(scratch, file, force=False)
        yield scratch
    finally:
        scratch.close()
        _of_the_server(live, f"DROP DATABASE {name}")


def _of_the_server(live: Database, statement: str) -> None:
    try:
        with live.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text(statement))
    except ProgrammingError as fault:
        raise StartupFault(
            f"a database for the trial can't be made ({str(fault.orig).strip()}): set TRACKER_DATABASE_URL to a role "
            "that may (CREATEDB), on this server or on another machine's"
        ) from fault
