"""``tracker advisories``: recalls and advisories as their authorities publish them."""

from __future__ import annotations

import json
import sys
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tracker.cli.database_session import opened, operator
from tracker.errors import Invalid

if TYPE_CHECKING:
    from tracker.actions.advisories.import_recalls import Imported
    from tracker.actions.advisories.read_recalls import Recall

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Recalls and advisories.")


@app.callback()
def _group() -> None:
    """Keep ``import`` a command of its own name."""


@app.command("import")
def import_files(
    files: Annotated[list[Path], typer.Argument(help="openFDA JSON, a JSON list, or text; - for standard input")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="read and match, store nothing")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="print one JSON document")] = False,
    model: Annotated[list[str] | None, typer.Option(help="a model that a text speaks of; may be repeated")] = None,
    reference: Annotated[str, typer.Option(help="the reference of a text, such as the recall's number")] = "",
    published_on: Annotated[str, typer.Option(help="the day of a text, such as 2011-07-05; today unless given")] = "",
) -> None:
    """Import recalls and say which pumps each covers; what can't be read is named and covers as "maybe"."""
    from tracker.actions.advisories import import_recalls

    now = datetime.now(UTC)
    recalls = [one for file in files for one in _read(file, tuple(model or ()), reference, published_on, now.date())]
    with opened() as database, database.writing() as session:
        done = import_recalls.import_recalls(
            session, recalls, by=operator(), clinic_id=None, now=now, via="command line"
        )
        if dry_run:
            session.rollback()
    if as_json:
        typer.echo(json.dumps(import_recalls.as_json(done), ensure_ascii=False))
        return
    for one in done:
        typer.echo(_told(one, dry_run=dry_run))


def _read(file: Path, models: tuple[str, ...], reference: str, published_on: str, today: date) -> list[Recall]:
    from tracker.actions.advisories.read_recalls import Pasted, read_recalls

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(f"{file} is not text in UTF-8", field="file") from None
    if not (models or reference):
        return read_recalls(text)
    try:
        day = date.fromisoformat(published_on) if published_on else today
    except ValueError:
        raise Invalid("a day is written as 2011-07-05", field="published_on") from None
    return read_recalls(text, Pasted(reference, models, day))


def _told(one: Imported, *, dry_run: bool) -> str:
    sure = sum(pump.covered == "yes" for pump in one.pumps)
    lines = [
        f"{one.reference}: read {one.read}; {'would cover' if dry_run else 'covers'} {sure} pumps"
        + (f", may cover {len(one.pumps) - sure} more" if len(one.pumps) > sure else "")
    ]
    lines += [f"  not read: {words}" for words in one.unread]
    lines += [f"  {pump.serial}{'' if pump.covered == 'yes' else ' (may be covered)'}" for pump in one.pumps]
    return "\n".join(lines)
