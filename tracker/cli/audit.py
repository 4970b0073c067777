"""``tracker audit``: check the audit trail."""

from __future__ import annotations

from typing import Annotated

import typer

from tracker.actions.audit import verify as verify_chain
from tracker.cli.records import opened

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check the audit trail.")


@app.callback()
def group() -> None:
    """Check the audit trail."""


@app.command()
def verify(
    expect: Annotated[
        str | None,
        typer.Option(help="SEQ:DIGEST as an earlier run printed them: also shows an end that was cut off"),
    ] = None,
) -> None:
    """Walk the chain from the first entry on. The first entry that does not hold is named, and the status is 1."""
    with opened() as database, database.reading() as session:
        verdict = verify_chain(session, expect)
    if verdict.broken_seq is not None:
        typer.echo(f"entry {verdict.broken_seq} is broken: {verdict.because}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{verdict.entries} entries, unbroken; the last is {verdict.entries}:{verdict.last_digest}")
