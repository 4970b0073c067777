"""``tracker oncall``: who is told of what, and the policies and rotations of a clinic."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer
from sqlmodel import Session

from tracker.actions.messages.set_oncall import set_oncall
from tracker.actions.messages.view_oncall import view_oncall
from tracker.actions.staff.add_staff import clinic_named
from tracker.cli.database_session import opened, operator
from tracker.errors import Invalid, NotFound
from tracker.records.column_types import key
from tracker.records.pump import Clinic

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Who is told of what.")
ClinicName = Annotated[str | None, typer.Option(help="the clinic; needed where there are several")]


@app.command()
def show(
    at: Annotated[str | None, typer.Option(help="a time with its offset, as 2026-12-01T08:00:00Z; else now")] = None,
    clinic: ClinicName = None,
) -> None:
    """Print as JSON who is on call, whom each step tells, and the times at which nobody would be."""
    moment = datetime.now(UTC) if at is None else _moment(at)
    with opened() as database, database.reading() as session:
        shown = view_oncall(session, key(_home(session, clinic).id), moment)
    typer.echo(json.dumps(shown, indent=2, default=lambda one: one.isoformat()))


@app.command(name="set")
def set_document(
    file: Annotated[Path, typer.Argument(help="the JSON document of policies and rotations; - for standard input")],
    clinic: ClinicName = None,
) -> None:
    """Set policies and rotations. A faulty file changes nothing and names the path of its fault."""
    try:
        document = json.loads(sys.stdin.read() if str(file) == "-" else file.read_text())
    except OSError as fault:
        raise Invalid(f"{file} can't be read: {fault.strerror}") from None
    except ValueError as fault:
        raise Invalid(f"{file} is not JSON: {fault}") from None
    with opened() as database, database.writing() as session:
        home = _home(session, clinic)
        oncall = set_oncall(session, home, document, by=operator(), now=datetime.now(UTC))
    typer.echo(f"{home.name}: {len(oncall.policies)} policies, {len(oncall.rotas)} rotations")


def _home(session: Session, name: str | None) -> Clinic:
    clinic = clinic_named(session, name)
    if clinic is None:
        raise NotFound("there is no clinic yet")
    return clinic


def _moment(text: str) -> datetime:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise Invalid(f"{text[:60]!r} is no time such as 2026-12-01T08:00:00Z") from None
    if moment.tzinfo is None:
        raise Invalid("a time needs its offset from UTC, such as the Z in 2026-12-01T08:00:00Z")
    return moment.astimezone(UTC)
