"""Time that no setting of the clock moves: seconds since the machine started, continued across restarts."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, Final, NamedTuple

_BOOT: Final = Path("/proc/sys/kernel/random/boot_id")


class Moment(NamedTuple):
    """One moment by both clocks. ``running``: seconds since the start of the machine; ``wall``: Unix time."""

    running: float
    wall: float
    boot: str

    def to_json(self) -> dict[str, Any]:
        """As it is stored on disk."""
        return self._asdict()


def now() -> Moment:
    """This moment."""
    clock = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)
    try:
        boot = _BOOT.read_text().strip()
    except OSError:
        boot = ""
    return Moment(time.clock_gettime(clock), time.time(), boot)


def seconds_between(earlier: Moment, later: Moment) -> float:
    """How long it was, never below 0. The wall clock counts only where the machine was started in between."""
    if earlier.boot and earlier.boot == later.boot:
        return max(0.0, later.running - earlier.running)
    return max(0.0, later.wall - earlier.wall)


def from_json(given: dict[str, Any]) -> Moment:
    """What ``to_json`` made. Raises ``KeyError``, ``TypeError`` or ``ValueError`` for anything else."""
    return Moment(float(given["running"]), float(given["wall"]), str(given["boot"]))
