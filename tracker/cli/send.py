"""``tracker send``: deliver the messages of the outbox. Any number of processes may run."""

from __future__ import annotations

import typer

from tracker.cli.figures_address import figures_served
from tracker.cli.running import begin, require_schema, stop_on_signal
from tracker.cli.tracing import traced
from tracker.records.database import Database

app = typer.Typer(add_completion=False)


@app.command()
def send() -> None:
    """Deliver mail, webhooks and Apprise messages, each destination's in order, and try again what failed."""
    from tracker.send.run import run

    settings = begin("send")
    stop = stop_on_signal()
    with traced(settings.otlp_endpoint, "send"):
        database = Database(settings.database_url)
        require_schema(database)
        database.close()
        with figures_served(settings):
            run(settings, stop)
