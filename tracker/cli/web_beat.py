"""The pages' sign of life, with which two processes see that they sign alike."""

from __future__ import annotations

import hashlib
import hmac
import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

import structlog

from tracker.errors import StartupFault
from tracker.records.database import Database
from tracker.records.job import STOPPED, WorkerStatus, beat, forget_workers, workers

KIND = "web"
_BEAT_EVERY_S = 5.0
_LAST_WORD_S = 1.0
_FORGET_AFTER = timedelta(hours=1)


@contextmanager
def beating(database: Database, key: str) -> Iterator[None]:
    """Record once in a few seconds that the pages are served, for as long as the block lasts.

    Raises ``StartupFault`` where other pages on this database live and sign with another secret: each would refuse the
    forms, cursors and sign-ins that the other gave out.
    """
    host = socket.gethostname()[:60]
    name, mark = f"{KIND}@{host}:{os.getpid()}", f"signs with the secret {fingerprint(key)}"
    _say_if_possible(database, name, mark)
    with database.reading() as session:
        others = [one for one in workers(session, KIND) if one.name != name]
    now = datetime.now(UTC)
    for one in others:
        if one.detail != mark and one.lives(now) and not _gone(one, host):
            _say_if_possible(database, name, STOPPED)
            raise StartupFault(
                f"other pages on this database ({one.name}) sign with another secret, so that each would refuse the "
                "forms and sign-ins of the other: give all of them the same TRACKER_SECRET_KEY"
            )
    stop = threading.Event()
    thread = threading.Thread(target=_go_on, args=(database, name, mark, stop), name="web-beat", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(_LAST_WORD_S)
        if not thread.is_alive():  # else the database hangs, and the end is not held up for it
            _say_if_possible(database, name, STOPPED)


def fingerprint(key: str) -> str:
    """A mark that two equal secrets share and that says nothing else of them."""
    return hmac.new(key.encode(), b"fingerprint", hashlib.sha256).hexdigest()[:12]


def _gone(one: WorkerStatus, host: str) -> bool:
    """Whether that process was of this machine and does not exist any more: it was killed a moment ago."""
    where, _, pid = one.name.removeprefix(f"{KIND}@").rpartition(":")
    if where != host or not pid.isdecimal():
        return False
    try:
        os.kill(int(pid), 0)
    except ProcessLookupError:
        return True
    except PermissionError:
        return False
    return False


def _go_on(database: Database, name: str, mark: str, stop: threading.Event) -> None:
    while not stop.wait(_BEAT_EVERY_S):
        _say_if_possible(database, name, mark)


def _say_if_possible(database: Database, name: str, detail: str) -> None:
    try:
        _say(database, name, detail)
    except Exception as fault:  # noqa: BLE001 - a database that is away must not end the pages, which say so themselves
        structlog.get_logger().warning("the sign of life was not recorded", because=str(fault)[:300])


def _say(database: Database, name: str, detail: str) -> None:
    now = datetime.now(UTC)
    with database.writing() as session:
        beat(session, name, KIND, detail, now)
        forget_workers(session, KIND, now - _FORGET_AFTER)
