"""Run the scheduler: stand by until the leader's lock is held, then run the jobs until it is lost or all is to end."""

from __future__ import annotations

import os
import socket
import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog
from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from tracker.records.database import Database
from tracker.records.job import LEADS, STOPPED, beat, forget_workers
from tracker.schedule.clock_set_back import forget_the_future
from tracker.schedule.clock_watch import ClockWatch
from tracker.schedule.fenced_database import FencedDatabase
from tracker.schedule.gc_tuning import calm_the_collector
from tracker.schedule.job import Account, Job
from tracker.schedule.jobs import JOBS
from tracker.schedule.leader import LEASE, Leadership
from tracker.settings import Settings

_LOG = structlog.get_logger(__name__)
LOOK_EVERY_S: Final = 2.0
BEAT_EVERY_S: Final = 10.0
WAITS_FOR_NONE: Final = "waits for none"
LOOK_ANSWERS_S: Final = 5.0
"""So long the lease may wait for the database; a leader that can't renew stops two seconds later."""


def run(settings: Settings, stop: threading.Event, jobs: tuple[Job, ...] = JOBS) -> None:
    """Work or stand by until ``stop`` is set. Several may run at once, on one machine or many; one works at a time."""
    calm_the_collector()
    database = Database(settings.database_url, pool_size=2, answers_within_s=LOOK_ANSWERS_S)
    try:
        Worker(database, settings, jobs).work(stop)
    finally:
        database.close()


class Worker:
    """One scheduler process."""

    def __init__(self, database: Database, settings: Settings, jobs: tuple[Job, ...]) -> None:
        self._database = database
        self._settings = settings
        self._jobs = jobs
        self.name = f"schedule@{socket.gethostname()[:60]}:{os.getpid()}:{threading.get_ident() % 100_000}"
        self._leadership = Leadership(database)
        self._clocks = ClockWatch()
        self._work: _Work | None = None
        self._beaten: tuple[float, str] | None = None

    def work(self, stop: threading.Event) -> None:
        """Look after the lease until ``stop`` is set; running jobs are let to end."""
        try:
            while not stop.is_set():
                self._look()
                stop.wait(LOOK_EVERY_S)
        finally:
            self._rest()
            self._leadership.let_go()
            self._beat(STOPPED)

    def _look(self) -> None:
        self._leadership.hold()
        fence = self._leadership.fence
        if self._work is not None and self._work.fence != fence:
            _LOG.warning("lost the lead", worker=self.name)
            self._rest()
        if fence is not None and self._work is None:
            _LOG.info("leads", worker=self.name, fence=fence)
            self._work = _Work(self._database, self._settings, self._jobs, self.name, fence)
        step_s = self._clocks.step_s()
        if step_s:
            _LOG.warning("the clock was set", worker=self.name, by_s=round(step_s, 1))
            self._beaten = None
            if self._work is not None:
                self._work.plan_again(turned_back=step_s < 0)
        self._beat("standing by" if fence is None else LEADS)

    def _rest(self) -> None:
        if self._work is not None:
            self._work.end()
            self._work = None

    def _beat(self, detail: str) -> None:
        seconds = time.monotonic()
        if self._beaten is not None and self._beaten[1] == detail and seconds - self._beaten[0] < BEAT_EVERY_S:
            return
        now = datetime.now(UTC)
        try:
            with self._database.writing() as session:
                beat(session, self.name, "schedule", detail, now)
                forget_workers(session, "schedule", now - timedelta(hours=1))
        except Exception:  # noqa: BLE001 - a database that is down is waited for
            _LOG.exception("can't give a sign of life", worker=self.name)
            return
        if self._work is not None:
            self._work.account.tell_long_runs()
        self._beaten = (seconds, detail)


class _Work:
    """What a leader does while it leads: its jobs, and a database that takes nothing once another leads."""

    def __init__(self, database: Database, settings: Settings, jobs: tuple[Job, ...], leader: str, fence: int) -> None:
        self.fence = fence
        self._fenced = FencedDatabase(database.url.render_as_string(hide_password=False), LEASE, fence)
        self.account = Account(self._fenced, settings, leader)
        self._scheduler = _started(jobs, self.account)

    def plan_again(self, *, turned_back: bool) -> None:
        """After the clock was set: every job has its turn now, and nothing waits for the old clock's times."""
        now = datetime.now(UTC)
        if turned_back:
            try:
                forget_the_future(self._fenced, now)
            except Exception:  # noqa: BLE001 - the jobs go on, and do what is due by the new clock
                _LOG.exception("times of the old clock can't be taken back")
        for job in self._scheduler.get_jobs():
            job.modify(next_run_time=now)

    def end(self) -> None:
        """Let running jobs end, begin no other."""
        self._scheduler.shutdown(wait=True)
        self._fenced.close()


def _started(jobs: tuple[Job, ...], account: Account) -> BackgroundScheduler:
    """A scheduler at work: each job at its pace, never beside itself, a missed turn made up for once."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(2), WAITS_FOR_NONE: ThreadPoolExecutor(2)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    now = datetime.now(UTC)
    for place, job in enumerate(jobs):
        apart = job.every_s / 2 if job.waits_for_none else 0.0  # between two turns of the job that may do it as well
        scheduler.add_job(
            account.run,
            "interval",
            args=[job],
            seconds=job.every_s,
            id=job.name,
            executor=WAITS_FOR_NONE if job.waits_for_none else "default",
            next_run_time=now + timedelta(seconds=0.1 * place + apart),
        )
    scheduler.start()
    return scheduler
