"""``tracker serve``: ingest, scheduler and web in one process, for one clinic on one machine."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from typing import Annotated

import structlog
import typer

from tracker.cli.running import require_free_port, set_up_logging
from tracker.records import schema
from tracker.records.database import Database
from tracker.settings import Settings

app = typer.Typer(add_completion=False)

_JOIN_S = 20.0


@app.command()
def serve(
    embedded_broker: Annotated[bool, typer.Option("--embedded-broker", help="run the broker too")] = False,
) -> None:
    """Run everything but the simulators in one process; the schema is brought up to date first."""
    from tracker.cli.broker import embedded
    from tracker.cli.web import serve_pages
    from tracker.ingest.run import run as run_ingest
    from tracker.schedule.run import run as run_schedule

    set_up_logging()
    settings = Settings()
    require_free_port(settings.web_host, settings.web_port, what="the pages", setting="TRACKER_WEB_PORT")
    database = Database(settings.database_url)
    schema.upgrade(database)
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        if embedded_broker:
            stack.enter_context(embedded(settings, database))
        threads = [
            _thread("ingest", lambda: run_ingest(settings, stop), stop),
            _thread("schedule", lambda: run_schedule(settings, stop), stop),
        ]
        try:
            serve_pages(settings, database, stop)  # takes the signals; returns when told to stop
        finally:
            stop.set()
            for thread in threads:
                thread.join(_JOIN_S)
    database.close()


def _thread(name: str, work: Callable[[], None], stop: threading.Event) -> threading.Thread:
    """A part in a thread of its own; one that fails stops the whole process, so that nothing runs on by half."""

    def guarded() -> None:
        try:
            work()
        except Exception:  # noqa: BLE001 - whatever it was, the process must not run on by half
            structlog.get_logger().exception("a part failed; the process stops", part=name)
        finally:
            if not stop.is_set():
                stop.set()

    thread = threading.Thread(target=guarded, name=name, daemon=True)
    thread.start()
    return thread
