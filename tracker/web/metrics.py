"""Figures for Prometheus. They count and time, and never name a clinic, a patient, a pump or a person.

The page needs no sign-in, as scrapers expect; whoever may reach it learns how busy the tracker is and nothing else.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from prometheus_client import REGISTRY, CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from sqlalchemy.exc import SQLAlchemyError

from tracker.records.database import Database
from tracker.records.job import job_runs, workers

if TYPE_CHECKING:
    from tracker.web.context import Web

_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class Metrics:
    """The application's own registry, so that two applications in one process don't share figures."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._requests = Counter(
            "tracker_http_requests_total", "Requests answered", ["method", "route", "status"], registry=self.registry
        )
        self._seconds = Histogram(
            "tracker_http_request_seconds",
            "Time to answer a request",
            ["route"],
            buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.15, 0.25, 0.5, 1, 2.5, 10),
            registry=self.registry,
        )
        self._pages = self._gauge("tracker_live_pages", "Open pages that follow the live feed")
        self._waiting = self._gauge("tracker_audit_waiting", "Reads not moved into the audit trail yet")
        self._beat = self._gauge("tracker_worker_beat_age_seconds", "Age of a process's sign of life", "worker", "kind")
        self._job_age = self._gauge("tracker_job_age_seconds", "Time since a job last began", "job")
        self._job_seconds = self._gauge("tracker_job_seconds", "How long a job last took", "job")
        self._job_failed = self._gauge("tracker_job_failed", "Whether a job's last run failed", "job")
        self._database = self._gauge("tracker_database_up", "Whether the database answers")

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; ``route`` is the pattern, never the address itself."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        if route != "/live":
            self._seconds.labels(route).observe(seconds)

    def exposed(self, web: Web) -> bytes:
        """All figures as text: the pages' own, those of the database as they are now, and the process's.

        The last hold those of ingest too where it runs in this process, as it does under ``tracker serve``.
        """
        self._pages.set(web.feed.listeners)
        self._waiting.set(web.trail.waiting)
        try:
            self._read(web.database, web.clock())
            self._database.set(1)
        except SQLAlchemyError:
            self._database.set(0)
        return generate_latest(self.registry) + generate_latest(REGISTRY)

    def _read(self, database: Database, now: datetime) -> None:
        with database.reading() as session:
            for worker in workers(session):
                self._beat.labels(worker.name, worker.kind).set((now - worker.beat_at).total_seconds())
            for run in job_runs(session):
                self._job_age.labels(run.name).set((now - run.started_at).total_seconds())
                self._job_failed.labels(run.name).set(1 if run.error else 0)
                if run.seconds is not None:
                    self._job_seconds.labels(run.name).set(run.seconds)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, registry=self.registry)
