"""``tracker db``: migrations, the schema's state, a consistent copy while running, and back again."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from tracker.actions.verify_backup import verify_backup
from tracker.cli.database_session import operator
from tracker.errors import Invalid, StartupFault
from tracker.records import backup as copies
from tracker.records import least_role, schema
from tracker.records.database import Database
from tracker.settings import Settings

app = typer.Typer(
    no_args_is_help=True, add_completion=False, help="The database: upgrade, check, copies and their trial."
)

Copy = Annotated[
    Path, typer.Argument(help="the copy, or - for standard output or input; for PostgreSQL it is a pg_dump archive")
]
_PIPE = Path("-")


@app.command()
def upgrade(
    role: Annotated[
        str | None, typer.Option(help="PostgreSQL: make this role for the running processes, with what they need")
    ] = None,
    password_stdin: Annotated[
        bool, typer.Option("--password-stdin", help="read the role's password from standard input")
    ] = False,
) -> None:
    """Bring the schema to what this program needs; safe to call at every start.

    With --role the running processes get a role that owns nothing and can't rewrite the audit trail.
    """
    password = sys.stdin.readline().rstrip("\r\n") if password_stdin else None
    if password_stdin and not (password and role):
        raise Invalid("--password-stdin needs --role, and a password on standard input", field="password")
    database = _database()
    typer.echo(f"the database is at revision {schema.upgrade(database)}")
    if role is not None:
        appended = least_role.grant(database, role, password)
        typer.echo(f"{role} reads and writes, and only appends to {', '.join(appended)}")


@app.command()
def check() -> None:
    """Say where the schema stands and whether the database is sound; exit status 1 where something must be done."""
    database = _database()
    if not database.answers():
        raise StartupFault("the database does not answer: see TRACKER_DATABASE_URL")
    found = schema.standing(database)
    if not found.may_work:
        raise StartupFault(found.detail)
    faults = copies.faults(database)
    if faults:
        raise StartupFault("the database is damaged: " + "; ".join(faults[:5]))
    if found.is_newer:
        typer.echo(f"the database is sound; it {found.detail.removeprefix('the database ')}")
    else:
        typer.echo(f"the database is at revision {schema.newest_revision()}, which is the newest, and is sound")


@app.command()
def backup(file: Copy) -> None:
    """Write a consistent copy while everything goes on running.

    Through a pipe, a copy is whole only where the command's exit status is 0.
    """
    if file == _PIPE:
        if sys.stdout.isatty():
            raise StartupFault("a copy is not for a terminal: send it into a file with > FILE")
        copies.backup_to(_database(), sys.stdout.buffer)
        return
    size = copies.backup(_database(), file)
    typer.echo(f"{file}: {size} bytes")


@app.command()
def restore(
    file: Copy,
    force: Annotated[bool, typer.Option("--force", help="replace records that are there")] = False,
) -> None:
    """Put a copy in place of the database. Stop ingest, schedule and web first."""
    if file == _PIPE:
        copies.restore_from(_database(), sys.stdin.buffer, Settings().data_dir, force=force)
    else:
        copies.restore(_database(), file, force=force)
    source = "standard input" if file == _PIPE else str(file)
    typer.echo(f"restored from {source}; the database is at revision {schema.current_revision(_database())}")


@app.command()
def verify(file: Annotated[Path, typer.Argument(help="the copy")]) -> None:
    """Put a copy back in a scratch place, check it, and compare it with the records. The status is 1 for a fault."""
    tried = verify_backup(_database(), file, operator())
    if tried.faults:
        raise StartupFault(f"{file} is not fit to be restored: " + "; ".join(tried.faults))
    for name, (copy, now) in tried.rows.items():
        if copy or now:
            typer.echo(f"{name}: {copy} rows" + (f", {now} now" if now is not None else ""))
    typer.echo(f"{file} can be restored: {tried.in_all} rows, audit trail unbroken to entry {tried.entries}")
    if not tried.compared:
        typer.echo("it was compared with nothing: the database here holds no records of this program's schema")


def _database() -> Database:
    """The server's own address where one is set: what these commands do is not for a pooler between."""
    settings = Settings()
    return Database(settings.database_direct_url or settings.database_url)
