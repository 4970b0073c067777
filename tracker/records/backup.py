"""Back up the whole database while it runs, and restore it."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import BinaryIO

from sqlalchemy import inspect, text
from sqlalchemy.exc import DBAPIError

from tracker.errors import StartupFault
from tracker.private_files import private_file, private_folder
from tracker.records import restore_postgresql
from tracker.records.database import Database
from tracker.records.postgres_programs import program, server, without_password


def backup(database: Database, file: Path) -> int:
    """Write a consistent copy to ``file`` (never over an existing one) and return its size in bytes."""
    if file.exists():
        raise StartupFault(f"{file} exists already: a backup never overwrites a file")
    _require_source(database)
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    private_file(part)  # both ways of writing it leave the mode as it is
    try:
        if database.is_sqlite:
            _copy_sqlite(database, part)
        else:
            _run(database, "pg_dump", "--format=custom", f"--file={part}", connects=True)
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return file.stat().st_size


def backup_to(database: Database, stream: BinaryIO) -> None:
    """Write a consistent copy to an open file or pipe. Whoever reads it must heed that this ended without an error.

    PostgreSQL's copy is never on this machine's disk; SQLite's is made whole beside the database first.
    """
    _require_source(database)
    if not database.is_sqlite:
        _run(database, "pg_dump", "--format=custom", connects=True, into=stream)
        return
    with tempfile.TemporaryDirectory(prefix=".backup.", dir=Path(_path(database)).parent) as work:
        part = Path(work) / "copy"
        private_file(part)
        _copy_sqlite(database, part)
        with part.open("rb") as whole:
            shutil.copyfileobj(whole, stream, 1024**2)
        stream.flush()


def restore_from(database: Database, stream: BinaryIO, folder: Path, *, force: bool) -> None:
    """The same as ``restore`` with a copy from a pipe, which is kept in the folder while it is read."""
    private_folder(folder)
    with tempfile.TemporaryDirectory(prefix=".restore.", dir=folder) as work:
        file = Path(work) / "copy"
        private_file(file)
        with file.open("wb") as whole:
            shutil.copyfileobj(stream, whole, 1024**2)
        if not file.stat().st_size:
            raise StartupFault("there is nothing to restore: standard input is empty")
        restore(database, file, force=force)


def restore(database: Database, file: Path, *, force: bool) -> None:
    """Replace the database's content by the copy's; refuse where records would be lost, unless forced."""
    if not file.is_file():
        raise StartupFault(f"{file} is not there")
    require_direct(database)
    if not force and _has_records(database):
        raise StartupFault("the database holds pumps already: --force replaces them by the copy")
    if database.is_sqlite:
        _restore_sqlite(database, file)
    else:
        restore_postgresql.restore(database, file, _run)


def require_direct(database: Database) -> None:
    """Refuse to send PostgreSQL's programs through a pooler: in a session that they leave, no table would be found.

    Raises ``StartupFault``, a sentence that names the setting.
    """
    try:
        pooled = database.is_pooled()
    except DBAPIError:  # who runs the program says why it can't be reached
        return
    if pooled:
        raise StartupFault(
            "TRACKER_DATABASE_URL names a pooler, in whose sessions a copy would leave settings behind: set "
            "TRACKER_DATABASE_DIRECT_URL to the database server's own address"
        )


def faults(database: Database) -> list[str]:
    """What the database itself finds damaged; empty where it is sound. PostgreSQL keeps its own checksums."""
    if not database.is_sqlite:
        return []
    with database.engine.connect() as connection:
        rows = [str(row[0]) for row in connection.execute(text("PRAGMA quick_check(20)"))]
    return [] if rows == ["ok"] else rows


def _require_source(database: Database) -> None:
    require_direct(database)
    if database.is_sqlite and not Path(_path(database)).exists():
        raise StartupFault(f"there is no database at {_path(database)}: see TRACKER_DATABASE_URL")


def _copy_sqlite(database: Database, file: Path) -> None:
    with (
        closing(sqlite3.connect(f"file:{_path(database)}?mode=ro", uri=True)) as source,
        closing(sqlite3.connect(file)) as target,
    ):
        source.backup(target, pages=4096)


def _restore_sqlite(database: Database, file: Path) -> None:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as copy:
        try:
            sound = copy.execute("PRAGMA quick_check(1)").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            sound = False
        if not sound:
            raise StartupFault(f"{file} is not a sound SQLite copy")
        database.close()
        private_file(Path(_path(database)))
        with closing(sqlite3.connect(_path(database))) as target:
            copy.backup(target, pages=4096)


def _has_records(database: Database) -> bool:
    if not inspect(database.engine).has_table("pump"):
        return False
    with database.engine.connect() as connection:
        return connection.execute(text("SELECT 1 FROM pump LIMIT 1")).first() is not None


def _path(database: Database) -> str:
    return str(Path(database.url.database or "").absolute())


def _run(database: Database, name: str, *words: str, connects: bool = False, into: BinaryIO | None = None) -> str:
    """Run the program of the server's version; what it printed, unless that goes ``into`` a file or pipe.

    The password goes by its environment: a command line is for every user of the machine to read.
    """
    reached = server(database)
    environment = reached.environment()
    command = [program(name, reached.version)]
    if connects:
        address, passwords = without_password(database.url)
        environment |= passwords
        command.append(f"--dbname={address}")
    command += words
    done = subprocess.run(command, stdout=into or subprocess.PIPE, stderr=subprocess.PIPE, env=environment, check=False)
    if done.returncode:
        told = done.stderr.decode(errors="replace").strip().splitlines()
        raise StartupFault(f"{name} failed: {told[-1] if told else done.returncode}")
    return "" if into else done.stdout.decode(errors="replace")
