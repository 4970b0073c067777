"""``tracker send``: deliver the messages of the outbox. Any number of processes may run."""

from __future__ import annotations

import typer

from tracker.cli.figures_address import figures_served, of_the_outbox
from tracker.cli.process_setup import begin, require_schema, stop_on_signal
from tracker.cli.tracing import traced
from tracker.records.database import Database

app = typer.Typer(add_completion=False)


@app.command()
def send() -> None:
    """Deliver mail, webhooks, pushes and Apprise messages, each destination's in order; try again what failed."""
    from tracker.send.run import run

    settings = begin("send")
    stop = stop_on_signal()
    with traced(settings.otlp_endpoint, "send"):
        database = Database(settings.database_url)
        require_schema(database)
        try:
            with figures_served(settings, of_the_outbox(database)):
                run(settings, stop)
        finally:
            database.close()
