"""Figures for Prometheus. They count and time, and never name a clinic, a patient, a pump or a person.

The page needs no sign-in, as scrapers expect; whoever may reach it learns how busy the tracker is and nothing else: not
the machine's name, memory or software, nor since when a process runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import datetime

from prometheus_client import (
    REGISTRY,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    Metric,
    disable_created_metrics,
    generate_latest,
)
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from tracker.records.database import Database
from tracker.records.job import BROKER_FILES, job_runs, workers
from tracker.web.app_state import Web

disable_created_metrics()  # type: ignore[no-untyped-call]  # they would tell since when the process runs
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


class _Ours(Collector):
    """Our own figures of this process's registry; the library's tell of the machine, the process and its Python."""

    def collect(self) -> Iterator[Metric]:
        """Each with its samples."""
        return (metric for metric in REGISTRY.collect() if metric.name.startswith("tracker_"))


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
        self._job_success = self._gauge("tracker_job_success_age_seconds", "Time since a job's last good run", "job")
        self._job_every = self._gauge("tracker_job_interval_seconds", "How often a job is to run", "job")
        self._database = self._gauge("tracker_database_up", "Whether the database answers")

    def request(self, method: str, route: str, status: int, seconds: float) -> None:
        """Count one request; ``route`` is the pattern, never the address itself."""
        self._requests.labels(method if method in _METHODS else "other", route, str(status)).inc()
        if route != "/live":
            self._seconds.labels(route).observe(seconds)

    def exposed(self, web: Web) -> bytes:
        """All figures as text: the pages' own, those of the database as they are now, and those of ingest.

        The last are there where it runs in this process, as it does under ``tracker serve``.
        """
        self.look(web)
        return generate_latest(self.registry) + generate_latest(_Ours())

    def look(self, web: Web) -> Iterable[Metric]:
        """The pages' own figures and those of the database, as they are now."""
        self._pages.set(web.feed.listeners)
        self._waiting.set(web.trail.waiting)
        try:
            self._read(web.database, web.clock())
            self._database.set(1)
        except SQLAlchemyError:
            self._database.set(0)
        return self.registry.collect()

    def _read(self, database: Database, now: datetime) -> None:
        with database.reading() as session:
            beats: dict[tuple[str, str], float] = {}
            for worker in workers(session):
                if worker.kind == BROKER_FILES and worker.stopped:
                    continue  # nobody counts on it any more
                name = worker.name.partition("@")[0]  # what follows names the machine
                age = (now - worker.beat_at).total_seconds()
                beats[name, worker.kind] = min(age, beats.get((name, worker.kind), age))
            for (name, kind), age in beats.items():
                self._beat.labels(name, kind).set(age)
            for run in job_runs(session):
                self._job_age.labels(run.name).set((now - run.started_at).total_seconds())
                self._job_failed.labels(run.name).set(1 if run.error else 0)
                if run.succeeded_at is not None:
                    self._job_success.labels(run.name).set((now - run.succeeded_at).total_seconds())
                if run.every_s is not None:
                    self._job_every.labels(run.name).set(run.every_s)
                if run.seconds is not None:
                    self._job_seconds.labels(run.name).set(run.seconds)

    def _gauge(self, name: str, what: str, *labels: str) -> Gauge:
        return Gauge(name, what, labels, registry=self.registry)
