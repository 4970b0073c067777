"""On SQLite nobody waits for long behind one who writes again and again."""

from __future__ import annotations

import fcntl
import threading
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tracker.records.database import Database


@pytest.fixture
def url(tmp_path: Path) -> str:
    """A database of one number."""
    url = f"sqlite:///{tmp_path / 'tracker.db'}"
    database = Database(url)
    with database.writing() as session:
        session.execute(text("CREATE TABLE number (value INTEGER)"))
    database.close()
    return url


class BusyWriter(threading.Thread):
    """Another process's writer without a pause, played by a thread with connections of its own."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.wrote = 0
        self.inside = threading.Event()
        self.over = threading.Event()
        self._database = Database(url)

    def run(self) -> None:
        while self.wrote < 30 and not self.over.is_set():
            with self._database.writing() as session:
                session.execute(text("INSERT INTO number VALUES (1)"))
                self.inside.set()
                self.over.wait(0.1)  # longer than SQLite's own pause between two looks
                self.wrote += 1
        self._database.close()


def test_who_waits_to_write_goes_before_who_has_just_written(url: str) -> None:
    busy, database = BusyWriter(url), Database(url)
    busy.start()
    assert busy.inside.wait(60)
    with database.writing() as session:
        session.connection()
        wrote_meanwhile = busy.wrote
    busy.over.set()
    busy.join()
    database.close()
    assert wrote_meanwhile <= 5  # all thirty, where it waits as SQLite does


def test_one_that_stopped_while_it_waited_keeps_nobody_from_writing(url: str) -> None:
    database = Database(url)
    with Path(f"{database.url.database}-turn").open("a") as stopped:
        fcntl.flock(stopped, fcntl.LOCK_SH)
        for number in range(3):
            with database.writing() as session:
                session.execute(text("INSERT INTO number VALUES (:number)"), {"number": number})
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM number")).scalar() == 3
    database.close()


def test_a_database_that_stays_locked_is_a_fault_after_the_patience_that_was_set(url: str) -> None:
    holder, database = Database(url), Database(url)
    with holder.writing() as session, database.engine.connect() as connection:
        session.execute(text("INSERT INTO number VALUES (1)"))
        driver: Any = connection.connection.driver_connection
        driver.execute("PRAGMA busy_timeout = 20")
        with pytest.raises(OperationalError, match="locked"):
            connection.execution_options(tracker_writes=True).begin()
    for one in (holder, database):
        one.close()
