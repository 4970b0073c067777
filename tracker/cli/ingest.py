"""``tracker ingest``: telemetry from the broker into the database; run one, or one per partition."""

from __future__ import annotations

import typer

from tracker.cli.figures_address import figures_served
from tracker.cli.process_setup import begin, require_schema, stop_on_signal
from tracker.cli.tracing import traced
from tracker.records.database import Database

app = typer.Typer(add_completion=False)


@app.command()
def ingest() -> None:
    """Take telemetry from the broker at TRACKER_MQTT_URL, commit it, acknowledge it, send receipts."""
    from tracker.ingest.run import run

    settings = begin("ingest")
    stop = stop_on_signal()
    with traced(settings.otlp_endpoint, "ingest"):
        database = Database(settings.database_url)
        if database.answers():  # one that is down is waited for, one that is not upgraded is not
            require_schema(database)
        database.close()
        with figures_served(settings):
            run(settings, stop)
