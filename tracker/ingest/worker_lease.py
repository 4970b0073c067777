"""The lease of a worker's name: of two processes with one name the newer works; the older logs it and stands by.

Both would use the same client id, and the broker drops the older connection for each new one; without a word between
them they would throw each other out for ever. The word is the worker's own sign-of-life row.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from sqlalchemy import Connection
from sqlmodel import Session

from tracker.recent import is_recent
from tracker.records.job import STOPPED, WorkerStatus

BEAT_SECONDS: Final = 2.0
_STALE: Final = timedelta(seconds=10)


class Holder(NamedTuple):
    """The process that works under the name, and when it last said so."""

    identity: str
    beat_at: datetime


class Claim:
    """One process's claim on a worker's name. ``identity`` names the process, without a semicolon."""

    def __init__(self, name: str, identity: str) -> None:
        self.name = name
        self.identity = identity

    def take(self, connection: Connection, now: datetime, word: str) -> None:
        """Work under the name from now on, whoever did before."""
        with connection.begin(), Session(bind=connection) as session:
            row = session.get(WorkerStatus, self.name)
            if row is None:
                row = WorkerStatus(name=self.name, kind="ingest", beat_at=now)
                session.add(row)
            row.beat_at, row.detail = now, f"{self.identity}; {word}"[:500]
            session.flush()

    def beat(self, connection: Connection, now: datetime, word: str) -> Holder | None:
        """Say that this process lives; or, where another has taken the name, leave it be and return that one."""
        other = self.other(connection, now)
        if other is None:
            self.take(connection, now, word)
        return other

    def other(self, connection: Connection, now: datetime) -> Holder | None:
        """The other process that works under the name now; None where there is none."""
        with connection.begin(), Session(bind=connection) as session:
            row = session.get(WorkerStatus, self.name)
        if row is None:
            return None
        identity, _, word = row.detail.partition("; ")
        if identity == self.identity or word == STOPPED or not is_recent(row.beat_at, now, _STALE):
            return None
        return Holder(identity, row.beat_at)

    def release(self, connection: Connection, now: datetime) -> None:
        """Say that this process has ended, so that another need not wait."""
        self.beat(connection, now, STOPPED)
