"""Run the scheduler: stand by until the leader's lock is held, then run the jobs until it is lost or all is to end."""

from __future__ import annotations

import os
import socket
import threading
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from tracker.records.database import Database
from tracker.records.job import STOPPED, beat, forget_workers
from tracker.schedule.collector import calm_the_collector
from tracker.schedule.job import Account, Job
from tracker.schedule.jobs import JOBS
from tracker.schedule.leader import Leadership
from tracker.settings import Settings

_LOG = structlog.get_logger(__name__)
LOOK_EVERY_S: Final = 2.0
BEAT_EVERY: Final = timedelta(seconds=10)


def run(settings: Settings, stop: threading.Event, jobs: tuple[Job, ...] = JOBS) -> None:
    """Work or stand by until ``stop`` is set. Several may run at once, on one machine or many; one works at a time."""
    calm_the_collector()
    database = Database(settings.database_url)
    try:
        Worker(database, settings, jobs).work(stop)
    finally:
        database.close()


class Worker:
    """One scheduler process."""

    def __init__(self, database: Database, settings: Settings, jobs: tuple[Job, ...]) -> None:
        self._database = database
        self._jobs = jobs
        self.name = f"schedule@{socket.gethostname()[:60]}:{os.getpid()}:{threading.get_ident() % 100_000}"
        self._leadership = Leadership(database)
        self._account = Account(database, settings, self.name)
        self._scheduler: BackgroundScheduler | None = None
        self._beaten: tuple[datetime, str] | None = None

    def work(self, stop: threading.Event) -> None:
        """Look after the lock until ``stop`` is set; running jobs are let to end."""
        try:
            while not stop.is_set():
                self._look()
                stop.wait(LOOK_EVERY_S)
        finally:
            self._rest()
            self._leadership.let_go()
            self._beat(STOPPED)

    def _look(self) -> None:
        held = self._leadership.hold()
        if held and self._scheduler is None:
            _LOG.info("leads", worker=self.name)
            self._scheduler = _started(self._jobs, self._account)
        elif not held and self._scheduler is not None:
            _LOG.warning("lost the lead", worker=self.name)
            self._rest()
        self._beat("leader" if held else "standing by")

    def _rest(self) -> None:
        if self._scheduler is not None:
            self._scheduler.shutdown(wait=True)
            self._scheduler = None

    def _beat(self, detail: str) -> None:
        now = datetime.now(UTC)
        if self._beaten is not None and self._beaten[1] == detail and now - self._beaten[0] < BEAT_EVERY:
            return
        try:
            with self._database.writing() as session:
                beat(session, self.name, "schedule", detail, now)
                forget_workers(session, "schedule", now - timedelta(hours=1))
        except Exception:  # noqa: BLE001 - a database that is down is waited for
            _LOG.exception("can't give a sign of life", worker=self.name)
            return
        self._beaten = (now, detail)


def _started(jobs: tuple[Job, ...], account: Account) -> BackgroundScheduler:
    """A scheduler at work: each job at its pace, never beside itself, a missed turn made up for once."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(2)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = datetime.now(UTC)
    for place, job in enumerate(jobs):
        scheduler.add_job(
            account.run,
            "interval",
            args=[job],
            seconds=job.every_s,
            id=job.name,
            next_run_time=now + timedelta(seconds=0.1 * place),
        )
    scheduler.start()
    return scheduler
