"""``tracker staff contact``: where people receive messages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlmodel import Session

from tracker.actions.messages.contacts import add_contact
from tracker.cli.database_session import opened, operator
from tracker.errors import NotFound
from tracker.reachable_networks import allowed_networks
from tracker.records.column_types import key
from tracker.records.contact_point import contact_points_of
from tracker.records.staff import Staff, staff_by_email
from tracker.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Where people receive messages.")
Email = Annotated[str, typer.Argument(help="the person's email")]


@app.command()
def add(
    email: Email,
    kind: Annotated[str, typer.Option(help="email, webhook or apprise")],
    target: Annotated[str, typer.Option(help="the email address, URL or Apprise address")],
    secret: Annotated[str | None, typer.Option(help="whsec_… of a webhook; one is made where it is left out")] = None,
    confirmed: Annotated[bool, typer.Option("--confirmed", help="you know that it works: rely on it at once")] = False,
) -> None:
    """Add a contact point and print its id."""
    settings = Settings()
    with opened(settings) as database, database.writing() as session:
        point = add_contact(
            session,
            _person(session, email),
            kind=kind,
            target=target,
            secret=secret,
            confirmed=confirmed,
            allowed=allowed_networks(settings.webhook_allow),
            by=operator(),
            now=datetime.now(UTC),
        )
        typer.echo(point.id)
        if point.kind == "webhook" and not secret:
            typer.echo(f"its secret, shown this once: {point.secret}", err=True)


@app.command(name="list")
def list_all(email: Email) -> None:
    """Print the person's contact points."""
    with opened() as database, database.reading() as session:
        staff = _person(session, email)
        for point in contact_points_of(session, [key(staff.id)]).get(key(staff.id), []):
            standing = "confirmed" if point.confirmed_at else "not confirmed"
            typer.echo(f"{point.id}  {point.kind}  {standing}  {point.label or '-'}")


def _person(session: Session, email: str) -> Staff:
    staff = staff_by_email(session, email)
    if staff is None:
        raise NotFound(f"{email} has no account")
    return staff
