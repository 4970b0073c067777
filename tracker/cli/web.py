"""``tracker web``: the pages and the JSON API. Any number may run on one database."""

from __future__ import annotations

import gc
import resource
import threading
from types import FrameType

import structlog
import typer
import uvicorn
from fastapi import FastAPI

from tracker.cli.figures_address import Source, figures_served, of_the_outbox, of_the_records
from tracker.cli.listening import listen_on_both
from tracker.cli.process_setup import require_free_port, require_schema, say_start, stop_on_signal
from tracker.cli.tracing import traced
from tracker.cli.web_beat import beating
from tracker.records.database import Database
from tracker.settings import Settings
from tracker.web.app import create_app
from tracker.web.http.connection_limits import Connections
from tracker.web.http.metrics import Metrics
from tracker.web.http.request_timeout import protocol_within
from tracker.web.live_updates import Feed
from tracker.web.warm_up import warm_up

app = typer.Typer(add_completion=False)

_LAST_ANSWERS_S = 5
_OTHER_FILES = 300  # database, logs, the broker's child
_COLLECT_AFTER = (2_000, 4, 2_000)  # new objects, and rounds; a round of many holds every page up for 60 ms and longer


class _Server(uvicorn.Server):
    """Ends the open pages' streams when told to stop, since they would never end by themselves."""

    def __init__(self, config: uvicorn.Config, feed: Feed) -> None:
        super().__init__(config)
        self._feed = feed

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """A signal: let the streams end first."""
        self.end()
        super().handle_exit(sig, frame)

    def end(self) -> None:
        """Stop soon."""
        self._feed.end()
        self.should_exit = True


@app.command()
def web() -> None:
    """Serve the pages and the API until told to stop."""
    settings = Settings()
    settings.require_safe_web()
    require_free_port(settings.web_host, settings.web_port, what="the pages", setting="TRACKER_WEB_PORT")
    say_start("web", settings)
    stop = stop_on_signal()
    with traced(settings.otlp_endpoint, "web"):
        database = Database(settings.database_url, pool_size=16, answers_within_s=settings.database_wait_s)
        require_schema(database)
        try:
            serve_pages(settings, database, stop)
        finally:
            database.close()


def serve_pages(
    settings: Settings, database: Database, stop: threading.Event, figures: tuple[Source, ...] = ()
) -> None:
    """Serve until a signal comes or ``stop`` is set; then ``stop`` is set. ``figures`` are those of further parts."""
    _allow_open_files(settings.web_connections)
    application = create_app(settings, database)
    warm_up(application.state.web.templates, application.routes)
    proxies = settings.named_proxies()
    if settings.web_https and not proxies:
        structlog.get_logger().warning(
            "TRACKER_PROXIES is not set: behind a proxy all browsers seem to have one address, and share one count "
            "of wrong passwords"
        )
    config = uvicorn.Config(
        application,
        host=settings.web_host,
        port=settings.web_port,
        http=protocol_within(Connections(settings.web_connections, settings.web_connections_per_address)),
        ws="none",
        log_config=None,
        access_log=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        server_header=False,
        timeout_graceful_shutdown=_LAST_ANSWERS_S,
        timeout_keep_alive=30,
    )
    server = _Server(config, application.state.web.feed)
    _calm_the_collector()

    def watch() -> None:
        stop.wait()
        server.end()

    watcher = threading.Thread(target=watch, name="web-stop", daemon=True)
    watcher.start()
    structlog.get_logger().info("the pages are served", host=settings.web_host, port=settings.web_port)
    try:
        with (
            beating(database, settings.signing_key()),
            figures_served(settings, *_figures(application, database), *figures),
        ):
            server.run(sockets=listen_on_both(settings.web_host, settings.web_port))
    finally:
        stop.set()
        watcher.join()


def _figures(application: FastAPI, database: Database) -> tuple[Source, ...]:
    """What the pages counted, and what waits in the records."""
    metrics: Metrics = application.state.metrics
    return lambda: metrics.look(application.state.web), of_the_records(database), of_the_outbox(database)


def _allow_open_files(connections: int) -> None:
    """Let the process hold as many files open as its connections need, as far as the machine allows it."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = connections + _OTHER_FILES
    if soft != resource.RLIM_INFINITY and soft < wanted:
        allowed = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
        resource.setrlimit(resource.RLIMIT_NOFILE, (allowed, hard))


def _calm_the_collector() -> None:
    """What is made by now lasts: walking it for cycles, time and again, held every page up for longer than it takes."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_COLLECT_AFTER)
