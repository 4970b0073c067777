"""A job and the account of its runs: when it last ran, for how long, how much it dealt with, what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from tracker.records.database import Database
from tracker.records.job import JobRun
from tracker.settings import Settings

_LOG = structlog.get_logger(__name__)
_TELL_AGAIN: Final = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its name, its purpose, how often it runs, what it does; ``run`` returns how many it dealt with."""

    name: str
    purpose: str
    every_s: float
    run: Callable[[Database, Settings, datetime], int]


class Account:
    """Runs jobs and writes down how each went; a job that fails is told of and tried again at its next turn."""

    def __init__(self, database: Database, settings: Settings, leader: str) -> None:
        self._database = database
        self._settings = settings
        self._leader = leader
        self._told: dict[str, datetime] = {}

    def run(self, job: Job) -> None:
        """Run it once, now. Never raises: the fault is in the account and the log."""
        started = datetime.now(UTC)
        begun = time.perf_counter()
        error: str | None = None
        touched = 0
        try:
            touched = job.run(self._database, self._settings, started)
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, the other jobs go on
            error = f"{type(fault).__name__}: {fault}"[:2000]
            _LOG.exception("job failed", job=job.name)
        seconds = time.perf_counter() - begun
        told = self._told.get(job.name)
        if error is None and touched == 0 and told is not None and started - told < _TELL_AGAIN:
            return  # nothing happened, and that was said a moment ago
        self._told[job.name] = started if error is None else datetime.min.replace(tzinfo=UTC)
        self._tell(
            JobRun(
                name=job.name,
                started_at=started,
                finished_at=datetime.now(UTC),
                seconds=round(seconds, 6),
                touched=touched,
                error=error,
                leader=self._leader,
            )
        )

    def _tell(self, run: JobRun) -> None:
        try:
            with self._database.writing() as session:
                session.merge(run)
        except Exception:  # noqa: BLE001 - with the database down there is nowhere to write that it is down
            _LOG.exception("the account of a job can't be written", job=run.name)
