"""``tracker serve``: ingest, scheduler and web in one process, for one clinic on one machine."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from typing import Annotated

import structlog
import typer

from tracker.cli.figures_address import Source, of_the_broker
from tracker.cli.process_group import Parts
from tracker.cli.process_setup import require_free_port, say_start, stop_on_signal
from tracker.cli.tracing import traced
from tracker.records import schema
from tracker.records.database import Database
from tracker.settings import Settings

app = typer.Typer(add_completion=False)

_JOIN_S = 20.0
_LOOK_S = 1.0


@app.command()
def serve(
    embedded_broker: Annotated[bool, typer.Option("--embedded-broker", help="run the broker too")] = False,
) -> None:
    """Run everything but the simulators in one process; the schema is brought up to date first."""
    from tracker.cli.broker import embedded
    from tracker.cli.web import serve_pages
    from tracker.ingest.run import run as run_ingest
    from tracker.schedule.run import run as run_schedule
    from tracker.send.run import run as run_send

    settings = Settings()
    settings.require_safe_web()
    require_free_port(settings.web_host, settings.web_port, what="the pages", setting="TRACKER_WEB_PORT")
    say_start("serve", settings)
    stop = stop_on_signal()  # for a signal that comes before the pages take them, or that they hand on at their end
    with contextlib.ExitStack() as stack:
        stack.enter_context(traced(settings.otlp_endpoint, "serve"))
        database = Database(settings.database_url)
        schema.upgrade(database)
        pages = Database(settings.database_url, pool_size=16, answers_within_s=settings.database_wait_s)
        stack.callback(database.close)
        stack.callback(pages.close)
        figures: tuple[Source, ...] = ()
        if embedded_broker:
            figures = (of_the_broker(stack.enter_context(embedded(settings, database)).stored),)
        parts = [
            _Part("ingest", lambda: run_ingest(settings, stop), stop),
            _Part("schedule", lambda: run_schedule(settings, stop), stop),
            _Part("send", lambda: run_send(settings, stop), stop),
            _Part("audit", lambda: _anchor(settings, stop), stop),
        ]
        try:
            serve_pages(settings, pages, stop, figures)  # takes the signals; returns when told to stop
        finally:
            stop.set()
            for part in parts:
                part.join(_JOIN_S)
    for part in parts:
        if part.fault is not None:
            raise part.fault


def _anchor(settings: Settings, stop: threading.Event) -> None:
    """Checkpoints of the audit trail are made by a process of their own, which alone reads the key."""
    children = Parts(settings.data_dir / "logs", {})
    children.start("audit", sys.executable, "-m", "tracker.cli.main", "audit", "anchor", "--every", "60")
    while not stop.wait(_LOOK_S):
        children.restart_ended()
    children.stop()


class _Part(threading.Thread):
    """A part in a thread of its own; one that fails stops the whole process, so that nothing runs on by half."""

    def __init__(self, name: str, work: Callable[[], None], stop: threading.Event) -> None:
        super().__init__(name=name, daemon=True)
        self.fault: Exception | None = None
        self._work = work
        self._stop_all = stop
        self.start()

    def run(self) -> None:
        """Work until the end; what went wrong is kept for the main thread, which tells it."""
        try:
            self._work()
        except Exception as fault:  # noqa: BLE001 - whatever it was, the process must not run on by half
            structlog.get_logger().error("a part failed; the process stops", part=self.name)
            self.fault = fault
        finally:
            self._stop_all.set()
