"""Figures for Prometheus at an address of their own (``TRACKER_METRICS_HOST``, ``TRACKER_METRICS_PORT``).

Pages have ``/metrics`` too, for all to read. What is told here alone says how much waits in the clinic, so the address
is for the monitoring and for nobody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, Metric, disable_created_metrics, start_http_server
from prometheus_client.core import GaugeMetricFamily
from sqlalchemy.exc import SQLAlchemyError

from devices.alarms import Priority
from tracker.broker.jetstream_limits import Stored
from tracker.cli.process_setup import require_free_port
from tracker.errors import TrackerError
from tracker.records.database import Database
from tracker.records.outbox import waiting
from tracker.records.pool_use import pool_use
from tracker.records.waiting_counts import alarms_waiting, backlog
from tracker.settings import Settings

Source = Callable[[], Iterable[Metric]]
"""Looks when it is asked, and gives what it saw."""


class _Asked(CollectorRegistry):
    """A registry that asks its sources at each scrape."""

    def __init__(self, sources: tuple[Source, ...]) -> None:
        super().__init__(auto_describe=False)
        self._sources = sources

    def collect(self) -> Iterator[Metric]:
        """Every source's figures; one that fails takes none of the others with it."""
        for source in self._sources:
            try:
                yield from list(source())
            except (TrackerError, SQLAlchemyError) as fault:
                structlog.get_logger().warning("figures could not be read", because=type(fault).__name__)


@contextmanager
def figures_served(settings: Settings, *sources: Source) -> Iterator[None]:
    """Serve this process's figures for as long as the block lasts, where a port is set for them.

    Raises ``StartupFault`` where the port is taken.
    """
    if not settings.metrics_port:
        yield
        return
    host, port = settings.metrics_host, settings.metrics_port
    require_free_port(host, port, what="the figures for Prometheus", setting="TRACKER_METRICS_PORT")
    disable_created_metrics()  # type: ignore[no-untyped-call] # they would tell since when the process runs
    server, thread = start_http_server(port, host, _Asked((of_this_process, *sources)))
    structlog.get_logger().info("figures are served", host=host, port=port)
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def of_this_process() -> Iterator[Metric]:
    """What its parts have counted, and its connections to the database."""
    yield from (metric for metric in REGISTRY.collect() if metric.name.startswith("tracker_"))
    use = pool_use()
    connections = GaugeMetricFamily(
        "tracker_database_connections", "This process's connections to the database", labels=["state"]
    )
    connections.add_metric(["in_use"], use.in_use)
    connections.add_metric(["idle"], use.idle)
    yield connections
    yield GaugeMetricFamily("tracker_database_connections_limit", "The most of them that may be in use", use.limit)


def of_the_records(database: Database) -> Source:
    """What waits in the records: alarms, and pumps to be evaluated."""

    def look() -> Iterator[Metric]:
        now = datetime.now(UTC)
        with database.reading() as session:
            unheard, due = alarms_waiting(session, now), backlog(session, now)
        alarms = GaugeMetricFamily(
            "tracker_alarms_waiting",
            "Open alarms, neither acknowledged nor snoozed, that wait for longer than so many seconds",
            labels=["priority", "longer_than_seconds"],
        )
        longest = GaugeMetricFamily(
            "tracker_alarms_waiting_longest_seconds", "For how long the first of them waits", labels=["priority"]
        )
        for one in unheard:
            for age, number in one.longer_than.items():
                alarms.add_metric([one.priority.name.lower(), f"{age.total_seconds():.0f}"], number)
            longest.add_metric([one.priority.name.lower()], one.longest_s)
        yield alarms
        yield longest
        yield GaugeMetricFamily("tracker_evaluation_backlog_pumps", "Pumps that are due to be evaluated", due.pumps)
        yield GaugeMetricFamily(
            "tracker_evaluation_backlog_longest_seconds", "For how long the first of them is due", due.longest_s
        )

    return look


def of_the_outbox(database: Database) -> Source:
    """The messages that have not left: how many, and for how long the first of them waits."""

    def look() -> Iterator[Metric]:
        now = datetime.now(UTC)
        with database.reading() as session:
            found = {one.priority: one for one in waiting(session)}
        queued = GaugeMetricFamily("tracker_messages_queued", "Messages that have not left", labels=["priority"])
        oldest = GaugeMetricFamily(
            "tracker_messages_queued_oldest_seconds", "For how long the first of them waits", labels=["priority"]
        )
        for priority in sorted(Priority, reverse=True):
            one = found.get(int(priority))
            queued.add_metric([priority.name.lower()], 0 if one is None else one.messages)
            age_s = 0.0 if one is None else max(0.0, (now - one.since).total_seconds())
            oldest.add_metric([priority.name.lower()], age_s)
        yield queued
        yield oldest

    return look


def of_the_broker(stored: Callable[[], Stored]) -> Source:
    """How full the embedded broker's store of waiting messages is."""

    def look() -> Iterator[Metric]:
        seen = stored()
        yield GaugeMetricFamily("tracker_broker_messages", "Messages that wait in the broker", seen.messages)
        yield GaugeMetricFamily("tracker_broker_store_bytes", "What they take of its store", seen.size_bytes)
        yield GaugeMetricFamily("tracker_broker_store_limit_bytes", "The most that they may take", seen.limit_bytes)

    return look
