"""A job and the account of its runs: when it last ran, for how long, how much it dealt with, what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
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


class Unfinished(Exception):
    """A job did its work save a part, which it takes up again when ``until`` has come.

    ``left`` names each thing of that part, with what went wrong; ``touched`` is how many the job dealt with.
    """

    def __init__(self, left: Mapping[str, str], *, touched: int, until: datetime) -> None:
        super().__init__(f"{len(left)} left for later")
        self.left = left
        self.touched = touched
        self.until = until


class Account:
    """Runs jobs and writes down how each went; a job that fails is told of and tried again at its next turn.

    One that left a part of its work for later counts as failing until that part's time has come.
    """

    def __init__(self, database: Database, settings: Settings, leader: str) -> None:
        self._database = database
        self._settings = settings
        self._leader = leader
        self._told: dict[str, datetime] = {}
        self._left: dict[str, dict[str, tuple[datetime, str]]] = {}

    def run(self, job: Job) -> None:
        """Run it once, now. Never raises: the fault is in the account and the log."""
        started = datetime.now(UTC)
        begun = time.perf_counter()
        error: str | None = None
        touched = 0
        news = False
        try:
            touched = job.run(self._database, self._settings, started)
        except Unfinished as rest:
            touched, news = rest.touched, True
            left = {name: (rest.until, fault) for name, fault in rest.left.items()}
            self._left[job.name] = self._left.get(job.name, {}) | left
            _LOG.error("job left a part of its work for later", job=job.name, left=len(left))
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, the other jobs go on
            error = f"{type(fault).__name__}: {fault}"[:2000]
            _LOG.exception("job failed", job=job.name)
        seconds = time.perf_counter() - begun
        told = self._told.get(job.name)
        if error is None and touched == 0 and not news and told is not None and started - told < _TELL_AGAIN:
            return  # nothing happened, and that was said a moment ago
        self._told[job.name] = started if error is None else datetime.min.replace(tzinfo=UTC)
        self._tell(
            JobRun(
                name=job.name,
                started_at=started,
                finished_at=datetime.now(UTC),
                seconds=round(seconds, 6),
                touched=touched,
                error=error or self._what_is_left(job, started),
                leader=self._leader,
            )
        )

    def _what_is_left(self, job: Job, now: datetime) -> str | None:
        """What earlier runs left for later, in words; None where there is nothing."""
        left = {name: one for name, one in self._left.get(job.name, {}).items() if one[0] > now}
        self._left[job.name] = left
        if not left:
            return None
        faults = "; ".join(f"{name} ({fault})" for name, (_, fault) in sorted(left.items()))
        return f"{len(left)} left for later: {faults}"[:2000]

    def _tell(self, run: JobRun) -> None:
        try:
            with self._database.writing() as session:
                session.merge(run)
        except Exception:  # noqa: BLE001 - with the database down there is nowhere to write that it is down
            _LOG.exception("the account of a job can't be written", job=run.name)
