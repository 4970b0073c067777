"""The scheduler's jobs at one moment, run until nothing is due."""

from __future__ import annotations

from typing import Final

from tracker.rehearse.stage import Stage
from tracker.schedule.job import Unfinished
from tracker.schedule.jobs import JOBS

_MOST_ROUNDS: Final = 25


def run_due(stage: Stage) -> list[str]:
    """Run every job until none has anything to do; a sentence for each that failed or left something out."""
    faults: list[str] = []
    for _ in range(_MOST_ROUNDS):
        touched = 0
        for job in JOBS:
            try:
                touched += job.run(stage.database, stage.settings, stage.clock.now)
            except Unfinished as rest:
                touched += rest.touched
                faults += [
                    f"the job {job.name} leaves out {name}: {fault}" for name, fault in sorted(rest.left.items())
                ]
            except Exception as fault:  # noqa: BLE001 - whatever went wrong, the case goes on and says so
                faults.append(f"the job {job.name} fails: {type(fault).__name__}: {fault}")
        if not touched or faults:
            return faults
    return [f"the jobs find something due even after {_MOST_ROUNDS} rounds at the same moment"]
