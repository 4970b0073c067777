"""``tracker staff``: people who may sign in, accounts of programs, and their API tokens."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from typing import Annotated

import typer
from sqlmodel import Session

from tracker.actions.staff.add_staff import FIRST_CLINIC, add_clinic, add_staff, clinic_named
from tracker.actions.staff.change_staff import change_staff
from tracker.actions.staff.issue_token import DAYS, MOST_DAYS, issue_token, revoke_token
from tracker.actions.staff.service_accounts import add_service, change_service
from tracker.actions.staff.setup_link import make_link
from tracker.actions.staff.token_scopes import ALL, SCOPES
from tracker.cli import contacts
from tracker.cli.database_session import opened, operator
from tracker.errors import Invalid, NotFound
from tracker.listening_address import reachable
from tracker.records.column_types import key
from tracker.records.pump import Clinic
from tracker.records.staff import SERVICE, Staff, all_staff, service_by_name, staff_by_email, tokens_of
from tracker.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="People who may sign in, and their API tokens.")
app.add_typer(contacts.app, name="contact")

Email = Annotated[str, typer.Argument(help="the person's email, by which they sign in")]
Account = Annotated[str, typer.Argument(help='the person\'s email, or "service NAME" for a program')]
PasswordStdin = Annotated[bool, typer.Option("--password-stdin", help="read the password from standard input")]


@app.command()
def add(
    email: Email,
    role: Annotated[str, typer.Option(help="nurse, physician, biller, administrator or auditor")],
    password_stdin: PasswordStdin = False,
    name: Annotated[str, typer.Option(help="how pages and signatures name the person")] = "",
    unit: Annotated[str | None, typer.Option(help="ward or team")] = None,
    clinic: Annotated[str | None, typer.Option(help="the clinic; needed where there are several")] = None,
) -> None:
    """Make an account. Without --password-stdin the person signs in by OpenID Connect, or by `tracker staff link`."""
    password = _password() if password_stdin else None
    now = datetime.now(UTC)
    with opened(first=True) as database, database.writing() as session:
        home = _home(session, clinic, now)
        staff = add_staff(
            session,
            clinic=home,
            email=email,
            role=role,
            password=password,
            name=name,
            unit=unit,
            by=operator(),
            now=now,
        )
        typer.echo(f"{staff.email}: {staff.role} at {home.name}")


@app.command("add-service")
def add_program(
    name: Annotated[str, typer.Argument(help="its name, of a-z, 0-9, dot, dash, underscore")],
    role: Annotated[str, typer.Option(help="bounds what its tokens may do")],
    responsible: Annotated[str, typer.Option(help="the email of the person who answers for it")],
    purpose: Annotated[str, typer.Option(help="what it is for")] = "",
    clinic: Annotated[str | None, typer.Option(help="the clinic; needed where there are several")] = None,
) -> None:
    """Make an account for a program. It has no password; `tracker staff token "service NAME"` makes its tokens."""
    with opened() as database, database.writing() as session:
        home = clinic_named(session, clinic)
        if home is None:
            raise NotFound("there is no clinic yet: add its first person before a program")
        service = add_service(
            session,
            clinic=home,
            name=name,
            role=role,
            responsible=responsible,
            purpose=purpose,
            by=operator(),
            now=datetime.now(UTC),
        )
        typer.echo(f"{service.email}: {service.role} at {home.name}")


@app.command("change-service")
def change_program(
    name: Annotated[str, typer.Argument(help="its name")],
    role: Annotated[str | None, typer.Option(help="the new role")] = None,
    responsible: Annotated[str | None, typer.Option(help="the email of who answers for it now")] = None,
    purpose: Annotated[str | None, typer.Option(help="what it is for")] = None,
    active: Annotated[bool | None, typer.Option("--active/--ended", help="whether it may work")] = None,
) -> None:
    """Change a service account; --ended ends its tokens for good."""
    with opened() as database, database.writing() as session:
        service = service_by_name(session, name)
        if service is None:
            raise NotFound(f"there is no service account named {name[:80]}")
        change_service(
            session,
            service,
            role=role,
            responsible=responsible,
            purpose=purpose,
            active=active,
            by=operator(),
            now=datetime.now(UTC),
        )


@app.command()
def token(
    email: Account,
    name: Annotated[str, typer.Option(help="what the token is for")],
    scope: Annotated[list[str] | None, typer.Option(help=f"what it may do at the most: {', '.join(SCOPES)}")] = None,
    days: Annotated[int, typer.Option(help=f"how long it lasts, at most {MOST_DAYS}")] = DAYS,
) -> None:
    """Print a new API token with the account's permissions, alone on one line; it is never shown again.

    A service account's token names each --scope.
    """
    now = datetime.now(UTC)
    with opened() as database:
        with database.writing() as session:
            staff = _account(session, email)
            made = issue_token(session, staff, name=name, scopes=scope or (ALL,), days=days, by=operator(), now=now)
        typer.echo(made)


@app.command()
def link(
    email: Email,
    address: Annotated[str | None, typer.Option(help="where people reach the pages, as https://pumps.example")] = None,
) -> None:
    """Print a link by which the person chooses a password, alone on one line; it works once, within 24 hours."""
    settings = Settings()
    scheme = "https" if settings.web_https else "http"
    pages = (address or settings.public_url or f"{scheme}://{reachable(settings.web_host)}:{settings.web_port}").rstrip(
        "/"
    )
    with opened(settings) as database:
        with database.writing() as session:
            path = make_link(session, _person(session, email), by=operator(), now=datetime.now(UTC))
        typer.echo(pages + path)


@app.command()
def revoke(email: Account, name: Annotated[str, typer.Option(help="the name that the token was given")]) -> None:
    """End every token of that name."""
    now = datetime.now(UTC)
    with opened() as database, database.writing() as session:
        staff = _account(session, email)
        named = [one for one in tokens_of(session, key(staff.id)) if one.name == name and one.revoked_at is None]
        if not named:
            raise NotFound(f"{staff.email} has no token named {name!r} that is still good")
        for one in named:
            revoke_token(session, staff, one, by=operator(), now=now)
        typer.echo(f"{len(named)} revoked")


@app.command("list")
def show() -> None:
    """List the accounts."""
    with opened() as database, database.reading() as session:
        for staff, clinic in all_staff(session):
            typer.echo("\t".join([staff.email, staff.role, clinic.name, "active" if staff.active else "ended"]))


@app.command()
def change(
    email: Email,
    role: Annotated[str | None, typer.Option(help="the new role")] = None,
    name: Annotated[str | None, typer.Option(help="the new name")] = None,
    unit: Annotated[str | None, typer.Option(help="the new unit")] = None,
    active: Annotated[bool | None, typer.Option("--active/--ended", help="whether the person may sign in")] = None,
    password_stdin: PasswordStdin = False,
    reset_factors: Annotated[
        bool, typer.Option("--reset-factors", help="forget the second factors of who lost them all")
    ] = False,
    unlock: Annotated[bool, typer.Option("--unlock", help="lift the lock that wrong tries brought")] = False,
) -> None:
    """Change an account; a new role or password ends the person's sessions."""
    password = _password() if password_stdin else None
    with opened() as database, database.writing() as session:
        change_staff(
            session,
            _person(session, email),
            role=role,
            name=name,
            unit=unit,
            active=active,
            password=password,
            unlock=unlock,
            reset_factors=reset_factors,
            by=operator(),
            now=datetime.now(UTC),
        )


@app.command("clinic")
def make_clinic(
    name: Annotated[str, typer.Argument(help="its name")],
    timezone: Annotated[str, typer.Option(help="IANA name; pages show times in it")] = "UTC",
) -> None:
    """Make a further clinic; its staff see its pumps and no others."""
    with opened() as database, database.writing() as session:
        add_clinic(session, name=name, timezone=timezone, by=operator(), now=datetime.now(UTC))


def _home(session: Session, clinic: str | None, now: datetime) -> Clinic:
    home = clinic_named(session, clinic)
    return home or add_clinic(session, name=FIRST_CLINIC, timezone="UTC", by=operator(), now=now)


def _person(session: Session, email: str) -> Staff:
    staff = staff_by_email(session, email)
    if staff is None:
        raise NotFound(f"nobody has an account with the email {email[:254]}")
    return staff


def _account(session: Session, email: str) -> Staff:
    service = service_by_name(session, email) if email.lower().startswith(SERVICE) else None
    return service or _person(session, email)


def _password() -> str:
    line = sys.stdin.readline().rstrip("\r\n")
    if not line:
        raise Invalid("no password came on standard input", field="password")
    return line
