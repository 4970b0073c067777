"""``tracker schedule``: the scheduled jobs. Several may run; one of them works at a time."""

from __future__ import annotations

import typer

from tracker.cli.figures_address import figures_served
from tracker.cli.process_setup import begin, require_schema, stop_on_signal
from tracker.cli.tracing import traced
from tracker.records.database import Database

app = typer.Typer(add_completion=False)


@app.command()
def schedule() -> None:
    """Evaluate the pumps that changed or are due, watch for silence, keep the worklist true."""
    from tracker.schedule.run import run

    settings = begin("schedule")
    stop = stop_on_signal()
    with traced(settings.otlp_endpoint, "schedule"):
        database = Database(settings.database_url)
        require_schema(database)
        database.close()
        with figures_served(settings):
            run(settings, stop)
