"""``tracker audit``: check the audit trail, and make signed checkpoints of it that are kept elsewhere."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated

import typer

from tracker.actions.audit_verify import noted_by_hand
from tracker.actions.audit_verify import verify as verify_trail
from tracker.anchor import files
from tracker.anchor.checkpoint import Checkpoint
from tracker.anchor.notes import noted_by
from tracker.anchor.run import Anchorage, keep_anchoring
from tracker.cli.database_session import opened
from tracker.cli.process_setup import say_start, stop_on_signal
from tracker.errors import StartupFault
from tracker.settings import Settings

app = typer.Typer(add_completion=False, no_args_is_help=True, help="Check the audit trail; make checkpoints of it.")


@app.callback()
def group() -> None:
    """Check the audit trail; make checkpoints of it."""


@app.command()
def verify(
    expect: Annotated[
        str | None,
        typer.Option(help="SEQ:DIGEST as an earlier run printed them: also shows an end that was cut off"),
    ] = None,
    anchors: Annotated[
        list[Path] | None,
        typer.Option(help="checkpoints.jsonl, or a log that syslog wrote; may be given several times"),
    ] = None,
    public_key: Annotated[
        list[Path] | None,
        typer.Option(help="anchor.pub, as noted when the checkpoints began; beside the first file unless given"),
    ] = None,
) -> None:
    """Walk the chain from the first entry on. The first entry that does not hold is named, and the status is 1."""
    noted = [noted_by_hand(expect)] if expect is not None else []
    read = _read(anchors or [], public_key or [])
    with opened() as database, database.reading() as session:
        verdict = verify_trail(session, noted_by(read, noted))
    if verdict.broken_seq is not None:
        typer.echo(f"entry {verdict.broken_seq} is broken: {verdict.because}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{verdict.entries} entries, unbroken; the last is {verdict.entries}:{verdict.last_digest}")
    if read:
        newest = max(one.at for file in read for one in file).isoformat(timespec="seconds") if any(read) else "never"
        open_end = verdict.entries - verdict.noted_seq
        typer.echo(f"checkpoints hold up to entry {verdict.noted_seq} ({newest}); {open_end} entries are newer")


@app.command()
def anchor(
    to: Annotated[
        Path | None, typer.Option(help="folder of key and checkpoints; TRACKER_AUDIT_DIR unless given")
    ] = None,
    every: Annotated[
        float | None, typer.Option(min=1, max=86_400, help="go on, with a checkpoint after so many seconds")
    ] = None,
) -> None:
    """Sign a checkpoint of what was entered since the last one, and keep it in a file and, if set, in syslog."""
    settings = Settings()
    if to is not None:
        settings.audit_dir = to.expanduser().absolute()
    if every is None:
        with opened(settings) as database:
            made = Anchorage(settings, database).look()
        said = f"checkpoint of entry {made[-1].seq}:{made[-1].digest}" if made else "nothing was entered since the last"
        typer.echo(f"{said}, in {settings.anchors_dir / files.CHECKPOINTS}")
        return
    say_start("audit", settings)
    stop = stop_on_signal()
    with opened(settings) as database:
        keep_anchoring(Anchorage(settings, database), every, stop.wait)


@app.command()
def seen(
    within: Annotated[float, typer.Option(min=1, help="seconds that the last good look may be old")] = 180.0,
) -> None:
    """Exit with 0 where `tracker audit anchor` found the trail unbroken lately, for health checks; else with 1."""
    file = Settings().anchors_dir / files.SEEN
    age_s = time.time() - file.stat().st_mtime if file.exists() else None
    if age_s is None or age_s > within:
        told = "never" if age_s is None else f"{age_s:.0f} s ago"
        raise StartupFault(f"the audit trail was found unbroken {told}: see the log of `tracker audit anchor`")
    typer.echo(f"the audit trail was found unbroken {age_s:.0f} s ago")


def _read(anchors: list[Path], public: list[Path]) -> list[list[Checkpoint]]:
    if not anchors:
        return []
    keys = [files.public_key(path) for path in public or [anchors[0].parent / files.PUBLIC]]
    return [files.read_file(path, keys) for path in anchors]
