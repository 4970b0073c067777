"""Leases: the right to do something alone, kept by renewing it and lost by falling silent.

A lease says nothing of time, so no clock can make it lapse or last: the holder counts ``beat`` up, and whoever waits
measures by its own monotonic clock how long the count has stood still. ``fence`` counts up each time that the lease
changes hands; a write that names an older fence comes from a holder that was replaced.
"""

from __future__ import annotations

import sqlalchemy
from sqlalchemy import insert, text, update
from sqlmodel import Field, Session, SQLModel, col

from tracker.records.column_types import BigKey


class Lease(SQLModel, table=True):
    """One right and who has it."""

    __tablename__ = "lease"

    name: str = Field(primary_key=True, max_length=64)
    holder: str = Field(default="", max_length=200, description="empty once given back")
    fence: int = Field(sa_type=BigKey, description="counts the holders")
    beat: int = Field(default=0, sa_type=BigKey, description="counts the holder's signs of life")


def lease(session: Session, name: str) -> Lease | None:
    """The lease as it stands; None where nobody ever took it."""
    return session.get(Lease, name, populate_existing=True)


def take(session: Session, name: str, holder: str, seen: Lease | None) -> int | None:
    """Take the lease that stands as it was seen. Returns the new fence; None where another was faster."""
    _wait_briefly(session)
    if seen is None:
        session.execute(insert(Lease).values(name=name, holder=holder, fence=1, beat=0))
        return 1
    fence = seen.fence + 1
    taken = session.connection().execute(
        update(Lease)
        .where(col(Lease.name) == name, col(Lease.fence) == seen.fence, col(Lease.beat) == seen.beat)
        .values(holder=holder, fence=fence, beat=0)
    )
    return fence if taken.rowcount else None


def renew(session: Session, name: str, fence: int) -> bool:
    """Count up the holder's signs of life; False where the lease has been taken by another."""
    _wait_briefly(session)
    renewed = session.connection().execute(
        update(Lease).where(col(Lease.name) == name, col(Lease.fence) == fence).values(beat=col(Lease.beat) + 1)
    )
    return bool(renewed.rowcount)


def give_back(session: Session, name: str, fence: int) -> None:
    """Let the next one take it at once."""
    _wait_briefly(session)
    session.execute(update(Lease).where(col(Lease.name) == name, col(Lease.fence) == fence).values(holder=""))


def is_held(session: Session, name: str, fence: int, *, until_commit: bool = False) -> bool:
    """Whether the lease still has this fence; ``until_commit`` keeps it from changing hands before that."""
    chosen = sqlalchemy.select(col(Lease.fence)).where(col(Lease.name) == name)
    if until_commit and session.get_bind().dialect.name == "postgresql":
        # Stopped between here and the commit, a holder would keep the lock: the server then ends its transaction.
        session.execute(text("SET LOCAL idle_in_transaction_session_timeout = '10s'"))
        chosen = chosen.with_for_update(read=True)
    return session.execute(chosen).scalar() == fence


def _wait_briefly(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SET LOCAL lock_timeout = '2s'"))
