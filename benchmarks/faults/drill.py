"""An installation at work, disturbed in every way that its surroundings can: in short a test, at length a soak.

Clocks are set, leaders stopped, the database hangs or is cut off, the broker's network drops, a disk fills, the proxy
is restarted. Pumps report all the while, and during each disturbance one of them reports an alarm of high priority.
What must hold: nothing is lost or doubled, each such alarm is shown through the proxy within ten seconds of the
disturbance's end, and readiness is right at every second. ``python -m benchmarks.faults.drill --minutes 60`` goes
on for so long.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks import load
from benchmarks.faults.disturbances import DISTURBANCES
from benchmarks.faults.installation import MOST_ALARMS, PUMPS, drill
from tests.servers import wait_until

_A_SECOND = 20


def run(folder: Path, kind: str, minutes: float, patience: float, say: Callable[[str], None]) -> list[str]:
    """Each disturbance once, then more of them at random until the time is over; what did not hold."""
    chance = random.Random(20261127)
    until = time.monotonic() + minutes * 60
    long = minutes > 2
    with drill(folder, kind, patience) as running:
        regular = running.send(list(load.messages(PUMPS, max(40, int(minutes * 60 * _A_SECOND / PUMPS)))), _A_SECOND)
        planned = list(DISTURBANCES[kind])
        while planned or (time.monotonic() < until and len(running.disturbances) < MOST_ALARMS):
            if not planned:
                planned = chance.sample(DISTURBANCES[kind], len(DISTURBANCES[kind]))
            planned.pop(0)(running, chance.uniform(5, 40) if long else 0.0)
            one = running.disturbances[-1]
            lasted = one.ended - one.began
            say(f"{kind}: {one.name} for {lasted:.0f} s; its alarm was shown {one.high_s:.1f} s after the end")
            time.sleep(chance.uniform(1, 20) if long else 0.0)
        regular.a_second_now()
        for sender in running.senders:
            wait_until(lambda sender=sender: sender.uncovered == 0, 300, "every receipt")  # type: ignore[misc]
        running.watch.stop()
        return running.faults()


def main() -> None:
    """Both databases, half of the time each; exit with 1 where something did not hold."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.faults.drill", description=__doc__)
    parser.add_argument("--minutes", type=float, default=60)
    parser.add_argument("--kind", choices=[*DISTURBANCES], action="append", help="both unless named")
    chosen = parser.parse_args()
    console, found = Console(), []
    kinds = chosen.kind or [*DISTURBANCES]
    for kind in kinds:
        with tempfile.TemporaryDirectory(prefix="pump-drill-", ignore_cleanup_errors=True) as folder:
            Path(folder).chmod(0o755)
            said = run(Path(folder), kind, chosen.minutes / len(kinds), 1.0, console.print)
        console.print(
            f"{kind}: {'; '.join(said) or 'nothing lost, every alarm in time, readiness right all the while'}"
        )
        found += said
    sys.exit(bool(found))


if __name__ == "__main__":
    main()
