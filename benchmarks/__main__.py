"""``make bench``: this ingest beside a bare subscriber and mq-bridge, in turn, again and again."""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from rich.console import Console
from rich.progress import Progress

from benchmarks import brokers, load
from benchmarks.measure import (
    Ended,
    Result,
    System,
    bare,
    drain,
    drain_again,
    ingest,
    load_line,
    make_session,
    mq_bridge,
)
from benchmarks.report import Row, write
from tests.servers import Postgres, postgres_cluster

_PUMPS = 200
_ALWAYS = (["scale"], ["spread"], ["visible"], ["mailbox"])
_USUALLY = (*_ALWAYS, ["sweeps"], ["pages", "--seconds", "25"])
_FULLY = (*_ALWAYS, ["sweeps", "--whole"], ["pages", "--seconds", "300"], ["crowd"], ["size"])


def main() -> None:
    """Measure, print, write."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="more messages, a crowd and 50 million readings: an hour")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--messages", type=int, default=0, help="messages a round, a multiple of 200")
    parser.add_argument("--out", type=Path, default=Path("docs/benchmarks.md"))
    chosen = parser.parse_args()
    if sys.platform != "linux":
        sys.exit("the benchmark reads processor times from /proc: it runs on Linux alone")
    each = (chosen.messages or (100_000 if chosen.full else 30_000)) // _PUMPS
    console = Console()
    tables = {}
    with postgres_cluster("synchronous_commit=on") as cluster, Progress(console=console) as progress:
        for name, opened in (("Mosquitto", brokers.mosquitto), ("embedded NATS", brokers.nats)):
            with opened() as broker, tempfile.TemporaryDirectory(prefix="pump-bench-") as folder:
                systems = _systems(broker, cluster, Path(folder), bridge=name == "Mosquitto")
                task = progress.add_task(name, total=chosen.rounds * len(systems))
                tables[name] = _rounds(broker, systems, chosen.rounds, each, partial(progress.advance, task))
    write(chosen.out, tables, chosen.rounds, each * _PUMPS, console)
    further = _FULLY if chosen.full else _USUALLY
    for name, *options in further:
        words = [sys.executable, "-m", f"benchmarks.{name}", *options, "--out", str(chosen.out)]
        subprocess.run(words, check=True)


def _rounds(
    broker: brokers.Mosquitto | brokers.Nats, systems: list[System], rounds: int, each: int, done: Callable[[], None]
) -> list[Row]:
    """The systems in turn, round after round, each on the same backlog."""
    results: dict[str, list[Result]] = {system.name: [] for system in systems}
    for system in systems:
        make_session(broker, system)
    for turn in range(rounds):
        line = load_line(broker)
        line.flood(load.messages(_PUMPS, each, start=1 + turn * each))
        line.close()
        for system in systems:
            try:
                results[system.name].append(drain(system, each * _PUMPS))
            except Ended:
                if not system.others:
                    raise
                drain_again(system, (turn + 1) * each * _PUMPS)
            done()
    return [Row.of(_named(name, rounds - len(found)), found) for name, found in results.items() if found]


def _named(name: str, spoilt: int) -> str:
    return f"{name} (ended by itself in {spoilt} of the rounds, not counted)" if spoilt else name


def _systems(
    broker: brokers.Mosquitto | brokers.Nats, cluster: Postgres, folder: Path, *, bridge: bool
) -> list[System]:
    server = cluster.process.pid if cluster.process else None
    found = [
        bare(broker),
        ingest(broker, f"sqlite:///{folder / 'tracker.db'}", folder, _PUMPS),
        ingest(broker, cluster.new_database(), folder, _PUMPS, server),
    ]
    if bridge:
        found += [
            mq_bridge(broker, f"sqlite:///{folder / 'bridge.db'}"),
            mq_bridge(broker, cluster.new_database(), server),
        ]
    return found


if __name__ == "__main__":
    main()
