"""A job and the account of its runs: when it last ran, for how long, how much it dealt with, what went wrong."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

import structlog
from opentelemetry import trace

from tracker.records.database import Database
from tracker.records.job import JobRun
from tracker.schedule.clock_watch import SLACK_S
from tracker.schedule.fenced_database import LostLead
from tracker.settings import Settings

_LOG = structlog.get_logger(__name__)
_TRACER = trace.get_tracer("tracker.schedule")
_TELL_AGAIN_S: Final = 30.0
_LONG_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Job:
    """One job: its name, its purpose, how often it runs, what it does; ``run`` returns how many it dealt with.

    One that ``waits_for_none`` runs in a thread that long jobs never take.
    """

    name: str
    purpose: str
    every_s: float
    run: Callable[[Database, Settings, datetime], int]
    waits_for_none: bool = False


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
    """Runs jobs and writes down how each went; a job that fails is logged and tried again at its next turn.

    One that left a part of its work for later counts as failing until that part's time has come.
    """

    def __init__(
        self, database: Database, settings: Settings, leader: str, seconds: Callable[[], float] = time.monotonic
    ) -> None:
        self._database = database
        self._settings = settings
        self._leader = leader
        self._seconds = seconds
        self._told: dict[str, tuple[float, datetime]] = {}
        self._left: dict[str, dict[str, tuple[datetime, str]]] = {}
        self._at_work: dict[str, tuple[Job, datetime, float]] = {}

    def run(self, job: Job) -> None:
        """Run it once, now. Never raises: the fault is in the account and the log."""
        started = datetime.now(UTC)
        begun = self._seconds()
        self._at_work[job.name] = job, started, begun
        error: str | None = None
        touched = 0
        news = False
        try:
            with _TRACER.start_as_current_span(f"job {job.name}"):
                touched = job.run(self._database, self._settings, started)
        except Unfinished as rest:
            touched, news = rest.touched, True
            left = {name: (rest.until, fault) for name, fault in rest.left.items()}
            self._left[job.name] = self._left.get(job.name, {}) | left
            _LOG.error("job left a part of its work for later", job=job.name, left=len(left))
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, the other jobs go on
            error = f"{type(fault).__name__}: {fault}"[:2000]
            _LOG.exception("job failed", job=job.name)
        finally:
            del self._at_work[job.name]
        now = self._seconds()
        if error is None and touched == 0 and not news and self._said_lately(job.name, begun, started):
            return
        self._told.pop(job.name, None)
        run = {
            "started_at": started,
            "finished_at": datetime.now(UTC),
            "seconds": round(now - begun, 6),
            "touched": touched,
            "error": error or self._what_is_left(job, started),
            "at_work_since": None,
        }
        if error is not None:
            self._tell(job, run)
        elif self._tell(job, run | {"succeeded_at": started}):
            self._told[job.name] = begun, started

    def _said_lately(self, name: str, begun: float, started: datetime) -> bool:
        """Whether a good run was written down a moment ago, at a time that the clock still agrees with.

        After the clock was set, what was written lies an hour back or ahead: it would be taken for a job that rests.
        """
        if name not in self._told:
            return False
        told_begun, told_started = self._told[name]
        step_s = (started - told_started).total_seconds() - (begun - told_begun)
        return begun - told_begun < _TELL_AGAIN_S and abs(step_s) < SLACK_S

    def tell_long_runs(self) -> None:
        """Write down which jobs have been at work for long, so that readiness knows."""
        for job, started, begun in list(self._at_work.values()):
            if self._seconds() - begun >= _LONG_S:
                self._tell(job, {"started_at": started, "at_work_since": started})

    def _what_is_left(self, job: Job, now: datetime) -> str | None:
        """What earlier runs left for later, in words; None where there is nothing."""
        left = {name: one for name, one in self._left.get(job.name, {}).items() if one[0] > now}
        self._left[job.name] = left
        if not left:
            return None
        faults = "; ".join(f"{name} ({fault})" for name, (_, fault) in sorted(left.items()))
        return f"{len(left)} left for later: {faults}"[:2000]

    def _tell(self, job: Job, told: Mapping[str, Any]) -> bool:
        """Write it down; whether that could be done."""
        try:
            with self._database.writing() as session:
                run = session.get(JobRun, job.name) or JobRun(name=job.name, started_at=told["started_at"])
                for name, value in {**told, "leader": self._leader, "every_s": job.every_s}.items():
                    setattr(run, name, value)
                session.add(run)
        except LostLead as fault:
            _LOG.warning("the account of a job is left to the new leader", job=job.name, reason=str(fault))
        except Exception:  # noqa: BLE001 - with the database down there is nowhere to write that it is down
            _LOG.exception("the account of a job can't be written", job=job.name)
        else:
            return True
        return False
