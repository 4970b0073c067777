"""``tracker programmers``: the clinic's own. Once there is a list, a session by another one is a finding."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlmodel import Session

from tracker.actions import audit
from tracker.actions.audit_events import Event
from tracker.actions.pumps.name_programmer import drop_programmer, name_programmer
from tracker.actions.staff.add_staff import clinic_named
from tracker.cli.database_session import opened, operator
from tracker.errors import NotFound
from tracker.records.column_types import key
from tracker.records.programmer_session import known_programmers
from tracker.records.pump import Clinic

app = typer.Typer(add_completion=False, no_args_is_help=True, help="The clinic's own programmers.")

Name = Annotated[str, typer.Argument(help="the programmer as its sessions name it, such as A810-00231")]
At = Annotated[str | None, typer.Option("--clinic", help="the clinic; needed where there are several")]


@app.command()
def add(programmer: Name, clinic: At = None) -> None:
    """Name one that is the clinic's."""
    now = datetime.now(UTC)
    with opened() as database, database.writing() as session:
        home = _clinic(session, clinic)
        name_programmer(session, key(home.id), programmer, by=operator(), now=now)
        _enter(session, home, Event.PROGRAMMER_NAMED, programmer, now)


@app.command()
def drop(programmer: Name, clinic: At = None) -> None:
    """Take one off the list."""
    now = datetime.now(UTC)
    with opened() as database, database.writing() as session:
        home = _clinic(session, clinic)
        drop_programmer(session, key(home.id), programmer, now=now)
        _enter(session, home, Event.PROGRAMMER_DROPPED, programmer, now)


@app.command("list")
def show(clinic: At = None) -> None:
    """List them."""
    with opened() as database, database.reading() as session:
        for programmer in sorted(known_programmers(session).get(key(_clinic(session, clinic).id), ())):
            typer.echo(programmer)


def _clinic(session: Session, name: str | None) -> Clinic:
    found = clinic_named(session, name)
    if found is None:
        raise NotFound("there is no clinic yet; the first account makes one")
    return found


def _enter(session: Session, clinic: Clinic, action: str, programmer: str, now: datetime) -> None:
    audit.record(
        session,
        actor=operator(),
        clinic_id=clinic.id,
        action=action,
        subject=f"clinic:{clinic.name}",
        detail={"programmer": programmer},
        now=now,
    )
