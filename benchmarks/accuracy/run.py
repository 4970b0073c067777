"""Runs the clinics side by side, each in a process of its own, and gives the lines of the table."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from multiprocessing import Manager, get_context
from pathlib import Path
from queue import Empty
from typing import Any

from rich.console import Console
from rich.progress import Progress, TimeElapsedColumn

from benchmarks.accuracy.foretold import Foretold, foretell
from benchmarks.accuracy.goals import unmet
from benchmarks.accuracy.lived import Lived, live
from benchmarks.accuracy.report import Sizes, lines

OPENED = datetime(2010, 1, 1, tzinfo=UTC)
HORIZON = OPENED + timedelta(days=2650)


@dataclass(frozen=True, slots=True)
class Measured:
    """The lines of the table, and the goals that were not met."""

    lines: list[str]
    unmet: list[str]


def measure(sizes: Sizes, processes: int, console: Console) -> Measured:
    """Run every clinic, each in a process of its own, and hold what came of it against the goals."""
    with (
        tempfile.TemporaryDirectory(prefix="pump-accuracy-") as folder,
        Manager() as manager,
        ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool,
        Progress(*Progress.get_default_columns(), TimeElapsedColumn(), console=console) as progress,
    ):
        steps = manager.Queue()
        lived = [
            pool.submit(_live, sizes, seed, Path(folder), neglected, steps)
            for seeds, neglected in ((sizes.careful_seeds, False), (sizes.neglected_seeds, True))
            for seed in seeds
        ]
        foretold = [pool.submit(_foretell, sizes, seed, steps) for seed in sizes.forecast_seeds]
        _watch(progress, [*lived, *foretold], steps, len(lived) * sizes.clinic_days // 30)
        told, clinics = [each.result() for each in foretold], [each.result() for each in lived]
    return Measured(lines(sizes, told, clinics), unmet([one for clinic in told for one in clinic.asked], clinics))


def _watch(progress: Progress, work: list[Future[Any]], steps: Any, months: int) -> None:
    bars = {
        "month": progress.add_task("Clinics' months", total=months),
        "clinic": progress.add_task("Forecasts", total=None),
    }
    while not all(each.done() for each in work):
        try:
            progress.advance(bars[steps.get(timeout=0.5)])
        except Empty:
            continue


def _live(sizes: Sizes, seed: int, folder: Path, neglected: bool, steps: Any) -> Lived:
    start = OPENED + timedelta(days=sizes.clinic_days_before)
    return live(
        seed,
        sizes.clinic_pumps,
        OPENED,
        start,
        start + timedelta(days=sizes.clinic_days),
        HORIZON,
        folder,
        neglected=neglected,
        tell=_telling(steps, "month"),
    )


def _foretell(sizes: Sizes, seed: int, steps: Any) -> Foretold:
    return foretell(
        seed,
        sizes.forecast_patients,
        OPENED,
        OPENED.replace(year=OPENED.year + sizes.forecast_years),
        tell=_telling(steps, "clinic"),
    )


def _telling(steps: Any, what: str) -> Callable[[], None]:
    return lambda: steps.put(what)
