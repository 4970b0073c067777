"""The figures of the forecasts: coverage and error, over all and by how far ahead the truth lay."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import Final

from benchmarks.accuracy.foretold import Asked

BATTERY_HORIZONS: Final = ((30, 20, 45), (90, 60, 120), (180, 140, 240), (365, 300, 440), (730, 600, 880))
RESERVOIR_HORIZONS: Final = ((3, 0, 5), (7, 5, 10), (14, 10, 20), (30, 20, 45), (60, 45, 90), (120, 90, 180))
"""A horizon in days, and between which leads a forecast counts as made so far ahead."""

AN_OPEN_INTERVAL_DAYS: Final = 1.5
"""A shorter battery interval is the model's hard limit: the one day on which the pump stops whatever its battery."""

OVER_ALL: Final = "all"

WHAT: Final = {
    "eri": "Battery: replacement indicator",
    "eos": "Battery: end of service",
    "low": "Reservoir: low mark",
    "empty": "Reservoir: empty",
}


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the table."""

    what: str
    ahead: str
    forecasts: int
    pumps: int
    coverage: float
    error_days: float


def rows(asked: Sequence[Asked]) -> list[Row]:
    """Every line for which there were forecasts."""
    found: list[Row] = []
    for what, title in WHAT.items():
        of_what = [one for one in asked if one.what == what]
        found += _row(title, OVER_ALL, of_what)
        if what in {"eri", "eos"}:
            undecided = [one for one in of_what if one.high - one.low > AN_OPEN_INTERVAL_DAYS]
            found += _row(title, "all not at the hard limit", undecided)
        for days, least, most in BATTERY_HORIZONS if what in {"eri", "eos"} else RESERVOIR_HORIZONS:
            found += _row(title, f"{days} days", [one for one in of_what if least <= one.came < most])
    return found


def _row(what: str, ahead: str, asked: Sequence[Asked]) -> list[Row]:
    if not asked:
        return []
    coverage = sum(one.covered for one in asked) / len(asked)
    pumps = len({one.serial for one in asked})
    return [Row(what, ahead, len(asked), pumps, coverage, median(one.error_days for one in asked))]
