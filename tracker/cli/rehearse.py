"""``tracker rehearse FILE…``: play written cases on virtual time and say what does not hold."""

from __future__ import annotations

import json
import logging
import sys
from pathlib import Path
from typing import Annotated, Any

import typer

app = typer.Typer(add_completion=False)


@app.command()
def rehearse(
    files: Annotated[list[Path], typer.Argument(help="cases in YAML or JSON; see docs/rehearsal.md")],
    as_json: Annotated[bool, typer.Option("--json", help="print each look as one JSON line")] = False,
) -> None:
    """Play the cases, each in a database of its own, and judge their expectations.

    Exit status: 0 where all hold, 1 where one does not, 2 for a file that can't be read; of several the highest.
    """
    from tracker.cli.log_format import set_up_logging

    set_up_logging(level=logging.CRITICAL)
    raise typer.Exit(max(_rehearse(file, as_json=as_json) for file in files))


def _rehearse(file: Path, *, as_json: bool) -> int:
    from tracker.rehearse.document import CaseFault
    from tracker.rehearse.play import play
    from tracker.rehearse.read_case import read_case

    said = sys.stderr if as_json else sys.stdout
    try:
        scenario = read_case(file)
        outcome = play(scenario, _print_json if as_json else _pass_by)
    except OSError as fault:
        sys.stderr.write(f"{file}: can't be read: {fault.strerror or fault}\n")
        return 2
    except CaseFault as fault:
        where = f"{fault.field}: " if fault.field else ""
        sys.stderr.write(f"{file}:{fault.line}: {where}{fault.detail}\n")
        return 2
    for sentence in outcome.refused:
        sys.stderr.write(f"{file}: {sentence}\n")
    for sentence in outcome.failed:
        said.write(f"{file}: {sentence}\n")
    if not outcome.failed and not as_json:
        sys.stdout.write(f"{file}: holds\n")
    return 1 if outcome.failed else 0


def _print_json(look: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(look, ensure_ascii=False) + "\n")


def _pass_by(_look: dict[str, Any]) -> None:
    return None
