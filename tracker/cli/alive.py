"""``tracker alive``: whether a process gives signs of life, for the health checks of whatever runs it."""

from __future__ import annotations

from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated

import typer
from sqlmodel import Session

from tracker.errors import StartupFault
from tracker.records import schema
from tracker.records.credential import BrokerStatus
from tracker.records.database import Database
from tracker.records.job import ALIVE_FOR, workers
from tracker.settings import Settings

app = typer.Typer(add_completion=False)

_WITHIN_S = ALIVE_FOR.total_seconds()


class Kind(StrEnum):
    """The processes that record signs of life; the pages answer for themselves under /health/live."""

    BROKER = "broker"
    INGEST = "ingest"
    SCHEDULE = "schedule"


@app.command()
def alive(
    kind: Annotated[Kind, typer.Argument(help="which process")],
    within: Annotated[float, typer.Option(help="seconds that its newest sign of life may be old")] = _WITHIN_S,
) -> None:
    """Exit with 0 where a process of that kind recorded a sign of life lately, else with 1 and one sentence."""
    database = Database(Settings().database_url, pool_size=1)
    if not database.answers():
        raise StartupFault("the database does not answer: see TRACKER_DATABASE_URL")
    schema.require_current(database)
    with database.reading() as session:
        beat_at = _newest_beat(session, kind)
    database.close()
    if beat_at is None:
        raise StartupFault(f"no process of the kind {kind} has given a sign of life yet")
    age_s = (datetime.now(UTC) - beat_at).total_seconds()
    if age_s > within:
        raise StartupFault(f"the newest sign of life of {kind} is {age_s:.0f} s old")
    typer.echo(f"{kind}: a sign of life {age_s:.0f} s ago")


def _newest_beat(session: Session, kind: Kind) -> datetime | None:
    if kind is Kind.BROKER:
        status = session.get(BrokerStatus, 1)
        return status.beat_at if status is not None else None
    beats = workers(session, kind.value)
    if beats and all(one.stopped for one in beats):
        raise StartupFault(f"{kind} was stopped")
    return max((one.beat_at for one in beats if not one.stopped), default=None)
