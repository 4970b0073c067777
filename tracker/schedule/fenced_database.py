"""The leader's database: nothing that it writes is committed once another leads."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

from sqlmodel import Session

from tracker.records.database import Database
from tracker.records.lease import is_held

JOBS_ANSWER_S: Final = 60.0
"""So long one statement of a job may take. Over a whole large clinic one takes a few seconds."""


class LostLead(Exception):
    """Another scheduler leads by now: what this one was about to write is undone, and the other does it."""


class FencedDatabase(Database):
    """A database whose writes hold only while the lease has the given fence."""

    def __init__(self, url: str, lease: str, fence: int, *, pool_size: int = 8) -> None:
        super().__init__(url, pool_size=pool_size, answers_within_s=JOBS_ANSWER_S)
        self.lease = lease
        self.fence = fence

    @contextmanager
    def writing(self) -> Iterator[Session]:
        """A transaction that writes, undone where the lead was lost before its end. Raises ``LostLead``."""
        with super().writing() as session:
            self._check(session, until_commit=False)
            yield session
            if not self.is_sqlite:  # there nobody else writes between the beginning and the end
                session.flush()
                self._check(session, until_commit=True)

    def _check(self, session: Session, *, until_commit: bool) -> None:
        if not is_held(session, self.lease, self.fence, until_commit=until_commit):
            raise LostLead(f"another scheduler leads: the lease {self.lease} has left number {self.fence}")
