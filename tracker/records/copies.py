"""Copies of the whole database: taken while it runs, and put back."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
import tempfile
from contextlib import closing
from pathlib import Path
from typing import Final

from sqlalchemy import inspect, text

from tracker.errors import StartupFault
from tracker.private import private_file
from tracker.records import text_search
from tracker.records.database import Database

_ASIDE: Final = "before_restore"


def backup(database: Database, file: Path) -> int:
    """Write a consistent copy to ``file`` (never over an existing one) and return its size in bytes."""
    if file.exists():
        raise StartupFault(f"{file} exists already: a backup never overwrites a file")
    if database.is_sqlite and not Path(_path(database)).exists():
        raise StartupFault(f"there is no database at {_path(database)}: see TRACKER_DATABASE_URL")
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    part.unlink(missing_ok=True)
    private_file(part)  # both ways of writing it leave the mode as it is
    try:
        if database.is_sqlite:
            with (
                closing(sqlite3.connect(f"file:{_path(database)}?mode=ro", uri=True)) as source,
                closing(sqlite3.connect(part)) as target,
            ):
                source.backup(target, pages=4096)
        else:
            _run("pg_dump", "--format=custom", f"--file={part}", dsn=_dsn(database))
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(file)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    return file.stat().st_size


def restore(database: Database, file: Path, *, force: bool) -> None:
    """Replace the database's content by the copy's; refuse where records would be lost, unless forced."""
    if not file.is_file():
        raise StartupFault(f"{file} is not there")
    if not force and _has_records(database):
        raise StartupFault("the database holds pumps already: --force replaces them by the copy")
    if database.is_sqlite:
        _restore_sqlite(database, file)
    else:
        _restore_postgresql(database, file)


def faults(database: Database) -> list[str]:
    """What the database itself finds damaged; empty where it is sound. PostgreSQL keeps its own checksums."""
    if not database.is_sqlite:
        return []
    with database.engine.connect() as connection:
        rows = [str(row[0]) for row in connection.execute(text("PRAGMA quick_check(20)"))]
    return [] if rows == ["ok"] else rows


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


def _restore_postgresql(database: Database, file: Path) -> None:
    """What was there is set aside until the copy is in, and comes back where it can't be read to its end."""
    listed = _run("pg_restore", "--list", str(file))
    wanted = [
        line for line in listed.splitlines() if " EXTENSION " not in line and f" {text_search.INDEX} " not in line
    ]
    with database.engine.begin() as connection:
        there = inspect(connection)
        if _ASIDE not in there.get_schema_names():
            connection.execute(text(f"ALTER SCHEMA public RENAME TO {_ASIDE}"))
            connection.execute(text("CREATE SCHEMA public"))
        elif there.has_table("pump"):
            raise StartupFault(
                f"an attempt to restore was cut off and left records in the schema {_ASIDE}: drop it, or make it public"
            )
    database.close()
    try:
        with tempfile.NamedTemporaryFile("w", suffix=".list") as chosen:
            chosen.write("\n".join(wanted))
            chosen.flush()
            words = ("--no-owner", "--exit-on-error", "--single-transaction", f"--use-list={chosen.name}")
            _run("pg_restore", *words, f"--dbname={_dsn(database)}", str(file))
    except BaseException:
        with database.engine.begin() as connection:
            connection.execute(text("DROP SCHEMA public CASCADE"))
            connection.execute(text(f"ALTER SCHEMA {_ASIDE} RENAME TO public"))
        raise
    with database.engine.begin() as connection:
        connection.execute(text(f"DROP SCHEMA {_ASIDE} CASCADE"))
        text_search.make_index(connection)


def _has_records(database: Database) -> bool:
    if not inspect(database.engine).has_table("pump"):
        return False
    with database.engine.connect() as connection:
        return connection.execute(text("SELECT 1 FROM pump LIMIT 1")).first() is not None


def _path(database: Database) -> str:
    return str(Path(database.url.database or "").absolute())


def _dsn(database: Database) -> str:
    return database.url.set(drivername="postgresql").render_as_string(hide_password=False)


def _run(program: str, *words: str, dsn: str = "") -> str:
    found = shutil.which(program)
    if found is None:
        raise StartupFault(f"{program} is not on this machine: install PostgreSQL's client programs")
    done = subprocess.run([found, *words, *([dsn] if dsn else [])], capture_output=True, text=True, check=False)
    if done.returncode:
        raise StartupFault(
            f"{program} failed: {done.stderr.strip().splitlines()[-1] if done.stderr.strip() else done.returncode}"
        )
    return done.stdout
