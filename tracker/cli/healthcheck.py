"""``tracker alive``: whether a process gives signs of life, for the health checks of whatever runs it."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated

import typer
from sqlmodel import Session

from tracker.broker.file_watch import IN_STEP
from tracker.errors import StartupFault
from tracker.recent import is_recent
from tracker.records import schema
from tracker.records.credential import BrokerStatus
from tracker.records.database import Database
from tracker.records.job import ALIVE_FOR, job_runs, overdue, workers
from tracker.settings import Settings

app = typer.Typer(add_completion=False)

_WITHIN_S = ALIVE_FOR.total_seconds()


class Kind(StrEnum):
    """The processes that record signs of life; the pages answer for themselves under /health/live."""

    BROKER = "broker"
    INGEST = "ingest"
    SCHEDULE = "schedule"
    SEND = "send"
    BROKER_FILES = "broker-files"


@app.command()
def alive(
    kind: Annotated[Kind, typer.Argument(help="which process")],
    within: Annotated[float, typer.Option(help="seconds that its newest sign of life may be old")] = _WITHIN_S,
    anywhere: Annotated[bool, typer.Option("--anywhere", help="a process on any machine, not only on this")] = False,
) -> None:
    """Exit with 0 where a process of that kind is at work, else with 1 and one sentence.

    A scheduler is asked for on this machine, so that in a container each answers for itself. One that leads must also
    get its jobs done. So is a watch of a broker's files, which must have the broker in step.
    """
    database = Database(Settings().database_url, pool_size=1, answers_within_s=3)
    try:
        if not database.answers():
            raise StartupFault("the database does not answer: see TRACKER_DATABASE_URL")
        schema.require_current(database)
        with database.reading() as session:
            beat_at = _newest_beat(session, kind, "" if anywhere else socket.gethostname()[:60])
    finally:
        database.close()
    now = datetime.now(UTC)
    age_s = (now - beat_at).total_seconds()
    if not is_recent(beat_at, now, timedelta(seconds=within)):
        old = f"is {age_s:.0f} s old" if age_s >= 0 else f"lies {-age_s:.0f} s ahead of the clock, which was set"
        raise StartupFault(f"the newest sign of life of {kind} {old}")
    typer.echo(f"{kind}: a sign of life {age_s:.0f} s ago")


def _newest_beat(session: Session, kind: Kind, machine: str) -> datetime:
    if kind is Kind.BROKER:
        status = session.get(BrokerStatus, 1)
        beats = [] if status is None else [status.beat_at]
    else:
        all_of_kind = workers(session, kind.value)
        if kind in {Kind.SCHEDULE, Kind.BROKER_FILES} and machine:
            all_of_kind = [one for one in all_of_kind if one.name.startswith(f"{kind}@{machine}:")]
        if all_of_kind and all(one.stopped for one in all_of_kind):
            raise StartupFault(f"{kind} was stopped")
        beats = [one.beat_at for one in all_of_kind if not one.stopped]
        if kind is Kind.SCHEDULE:
            _require_work(session, {one.name for one in all_of_kind})
        if kind is Kind.BROKER_FILES and all_of_kind and all_of_kind[0].detail != IN_STEP:
            raise StartupFault(all_of_kind[0].detail)
    if not beats:
        raise StartupFault(f"no process of the kind {kind} has given a sign of life yet")
    return max(beats)


def _require_work(session: Session, names: set[str]) -> None:
    """A leader that lives and does nothing is no leader."""
    now = datetime.now(UTC)
    late = [said for run in job_runs(session) if run.leader in names and (said := overdue(run, now)) is not None]
    if late:
        raise StartupFault("; ".join(late))
