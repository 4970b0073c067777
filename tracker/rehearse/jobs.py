"""The scheduler's jobs at one moment, run until nothing is due."""

from __future__ import annotations

from itertools import cycle, islice
from typing import Final

from tracker.rehearse.look_messages import send_all
from tracker.rehearse.stage import Stage
from tracker.schedule.job import Unfinished
from tracker.schedule.jobs import JOBS

_MOST_RUNS: Final = 200


def run_due(stage: Stage) -> list[str]:
    """Run the jobs in turn until each finds nothing to do; a sentence for each that fails or leaves something out."""
    faults: list[str] = []
    idle = 0  # jobs in a row that found nothing
    for job in islice(cycle(JOBS), _MOST_RUNS):
        touched = 0
        try:
            touched = job.run(stage.database, stage.settings, stage.clock.now)
        except Unfinished as rest:
            touched = rest.touched
            faults += [f"the job {job.name} leaves out {name}: {fault}" for name, fault in sorted(rest.left.items())]
        except Exception as fault:  # noqa: BLE001 - whatever went wrong, the case goes on and says so
            faults.append(f"the job {job.name} fails: {type(fault).__name__}: {fault}")
        idle = 0 if touched else idle + 1
        if idle == len(JOBS):
            send_all(stage)
            return faults
    return [*faults, f"the jobs find something due even after {_MOST_RUNS} runs at the same moment"]
