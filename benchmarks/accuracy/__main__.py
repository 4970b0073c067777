"""`make accuracy`: clinics that the fitting never saw, foretold and lived through; writes docs/accuracy.md.

It ends with status 1 when a goal is not met. A smaller run tells what it measured and judges nothing.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from rich.console import Console
from rich.markdown import Markdown

from benchmarks.accuracy.report import Sizes
from benchmarks.accuracy.run import measure

FULL = Sizes(
    "make accuracy",
    forecast_seeds=(401, 402, 403),
    forecast_patients=110,
    forecast_years=14,
    careful_seeds=(301, 302, 303, 304),
    neglected_seeds=(305, 306, 307, 308),
    clinic_pumps=62,
    clinic_days_before=1300,
    clinic_days=1350,
)
QUICK = Sizes(
    "python -m benchmarks.accuracy --quick",
    forecast_seeds=(401,),
    forecast_patients=2,
    forecast_years=9,
    careful_seeds=(301,),
    neglected_seeds=(305,),
    clinic_pumps=12,
    clinic_days_before=200,
    clinic_days=50,
)


def main() -> None:
    """Run, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a small run within seconds; its figures are rough")
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--out", type=Path, default=Path("docs/accuracy.md"), help="where the table is written")
    parser.add_argument("--days", type=int, help="how long the clinics are watched; a shorter run than the full one")
    chosen = parser.parse_args()
    console = Console(stderr=not sys.stdout.isatty())
    sizes = QUICK if chosen.quick else FULL
    if chosen.days is not None:
        sizes = replace(sizes, clinic_days=chosen.days, command=f"python -m benchmarks.accuracy --days {chosen.days}")
    measured = measure(sizes, chosen.processes, console)
    told = measured.lines
    chosen.out.write_text("\n".join(told) + "\n")
    if sys.stdout.isatty():
        console.print(Markdown("\n".join(told)))
    else:
        sys.stdout.write("\n".join(told) + "\n")
    if sizes is FULL and measured.unmet:
        sys.exit("Not met: " + "; ".join(measured.unmet))


if __name__ == "__main__":
    main()
