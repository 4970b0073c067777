"""The scheduler's jobs: when each last ran, for how long, and what went wrong."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import delete
from sqlmodel import Field, Session, SQLModel, col, select

from tracker.recent import is_recent
from tracker.records.column_types import UtcDateTime

ALIVE_FOR: Final = timedelta(seconds=30)
"""How old a process's sign of life may be for it to count as alive."""
LEADS: Final = "leader"
"""The detail of the scheduler that works, while others stand by."""
STOPPED: Final = "stopped"
"""The last word of a process that ended in good order."""
BROKER_FILES: Final = "broker-files"
"""The kind of the watch that keeps the files of a broker of one's own; its names hold the machine and the process."""
SUBSCRIBED: Final = "subscribed"
"""The first word of an ingest worker to which the broker sends what arrives."""

SPARE: Final = timedelta(seconds=40)
"""Beside three turns of its own, a job may take so long until its next good run. An idle run is told twice a minute."""
LONGEST_RUN: Final = timedelta(minutes=30)
"""A run under way for longer hangs. Assumed: the largest sweep measured takes under two minutes."""


class JobRun(SQLModel, table=True):
    """The last run of one job."""

    __tablename__ = "job_run"

    name: str = Field(primary_key=True, max_length=64)
    started_at: datetime = Field(sa_type=UtcDateTime)
    finished_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    seconds: float | None = None
    touched: int = Field(default=0, description="pumps or rows that it dealt with")
    error: str | None = Field(default=None, max_length=2000)
    leader: str = Field(default="", max_length=120, description="process that ran it")
    every_s: float | None = Field(default=None, description="how often it is to run")
    succeeded_at: datetime | None = Field(default=None, sa_type=UtcDateTime, description="start of its last good run")
    at_work_since: datetime | None = Field(
        default=None, sa_type=UtcDateTime, description="start of a run that has not ended yet, where that takes long"
    )


class WorkerStatus(SQLModel, table=True):
    """A long-running process's sign of life, for readiness and the connectivity page."""

    __tablename__ = "worker_status"

    name: str = Field(primary_key=True, max_length=120, description="e.g. ingest-0, schedule")
    kind: str = Field(max_length=24)
    beat_at: datetime = Field(sa_type=UtcDateTime)
    detail: str = Field(default="", max_length=500)

    @property
    def stopped(self) -> bool:
        """Whether the process ended in good order, as its last word says."""
        return self.detail.rpartition("; ")[2] == STOPPED

    def lives(self, now: datetime) -> bool:
        """Whether it gave a sign of life lately, and none of its end since."""
        return not self.stopped and is_recent(self.beat_at, now, ALIVE_FOR)


def overdue(run: JobRun, now: datetime) -> str | None:
    """A sentence, naming no pump, where a job has had no good run for far longer than its pace; else None."""
    if run.every_s is None:
        return None
    if run.at_work_since is not None and is_recent(run.at_work_since, now, LONGEST_RUN):
        return None
    if run.succeeded_at is None:
        return f"the job {run.name} has not succeeded yet"
    if is_recent(run.succeeded_at, now, timedelta(seconds=3 * run.every_s) + SPARE):
        return None
    age_s = (now - run.succeeded_at).total_seconds()
    when = f"{age_s:.0f} s ago" if age_s >= 0 else f"{-age_s:.0f} s in the future, by a clock that has changed since"
    return f"the job {run.name} last succeeded {when}"


def job_runs(session: Session) -> list[JobRun]:
    """The last run of every job, by name."""
    return list(session.exec(select(JobRun).order_by(col(JobRun.name))))


def workers(session: Session, kind: str | None = None) -> list[WorkerStatus]:
    """The signs of life, freshest first."""
    chosen = select(WorkerStatus).order_by(col(WorkerStatus.beat_at).desc())
    return list(session.exec(chosen if kind is None else chosen.where(WorkerStatus.kind == kind)))


def takes_messages(session: Session, since: datetime) -> bool:
    """Whether an ingest worker has said since then that the broker sends it what arrives."""
    return any(
        one.beat_at >= since and one.detail.rpartition("; ")[2].startswith(SUBSCRIBED)
        for one in workers(session, "ingest")
    )


def beat(session: Session, name: str, kind: str, detail: str, now: datetime) -> None:
    """A process's sign of life."""
    session.merge(WorkerStatus(name=name, kind=kind, beat_at=now, detail=detail))


def forget_workers(session: Session, kind: str, before: datetime) -> None:
    """Drop the signs of life of processes that ended long ago."""
    session.execute(delete(WorkerStatus).where(col(WorkerStatus.kind) == kind, col(WorkerStatus.beat_at) < before))
