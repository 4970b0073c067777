"""The options that several commands share, each with the words that `--help` shows."""

from datetime import UTC, datetime, time, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class Form(StrEnum):
    """How progress is shown."""

    BAR = "bar"
    JSON = "json"
    NONE = "none"


Seed = Annotated[int, typer.Option(help="The same seed gives the same clinic, to the byte.")]
Pumps = Annotated[int, typer.Option(min=1, help="How many pumps, counting those that were replaced on the way.")]
Years = Annotated[float, typer.Option(min=0.0, max=12.0, help="How many years of history lie before now.")]
Now = Annotated[
    str | None, typer.Option(help="Where the history ends, such as 2026-11-22T18:00:00Z; the present if not given.")
]
MqttUrl = Annotated[
    str, typer.Option("--mqtt-url", envvar="SIMULATORS_MQTT_URL", help="The broker, as host:port or mqtt://host:port.")
]
Credentials = Annotated[
    Path,
    typer.Option(
        envvar="SIMULATORS_CREDENTIALS",
        help="CSV with serial,username,password: what `tracker pumps import` prints.",
    ),
]
JournalDir = Annotated[
    Path,
    typer.Option(
        "--journal",
        envvar="SIMULATORS_JOURNAL",
        help="Folder for the communicators' disk: messages wait there until the tracker has them, and the clinic's "
        "state is kept there for the next start.",
    ),
]
Truth = Annotated[
    Path | None,
    typer.Option("--truth", help="Appends what truly was and happened, as JSON Lines, to check forecasts against."),
]
Shown = Annotated[Form, typer.Option("--progress", help="A bar, JSON lines on standard output, or nothing.")]


def read_now(text: str | None) -> datetime:
    """The moment named, or the present; whole seconds, UTC. Raises typer's own error for a time that is none."""
    if text is None:
        return datetime.now(UTC).replace(microsecond=0)
    try:
        moment = datetime.fromisoformat(text)
    except ValueError as fault:
        raise typer.BadParameter(f"{text!r} is not a time such as 2026-11-22T18:00:00Z") from fault
    if moment.tzinfo is None:
        raise typer.BadParameter(f"{text!r} says no time zone: add Z or +00:00")
    return moment.astimezone(UTC).replace(microsecond=0)


def opened(now: datetime, years: float) -> datetime:
    """The first day of a history that ends now: midnight UTC, so that a whole day gives the same clinic."""
    return datetime.combine(now.date(), time(tzinfo=UTC)) - timedelta(days=round(years * 365.25))
