"""``tracker sentinel``: on another machine, say what the tracker handed over when the tracker no longer can."""

from __future__ import annotations

import structlog
import typer

from tracker.cli.log_format import set_up_logging
from tracker.cli.process_setup import require_free_port, stop_on_signal
from tracker.settings import Settings

app = typer.Typer(add_completion=False)


@app.command()
def sentinel() -> None:
    """Hold what must be said unless the tracker renews it, and say it; tell administrators of a silent tracker."""
    from tracker.sentinel.run import run

    settings = Settings()
    require_free_port(
        settings.sentinel_host, settings.sentinel_port, what="the sentinel", setting="TRACKER_SENTINEL_PORT"
    )
    set_up_logging(settings)
    structlog.get_logger().info("starting", process="sentinel", folder=str(settings.sentinel_dir))
    run(settings, stop_on_signal())
