"""What the forecasts and the worklist promise, and which of it a run did not keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from benchmarks.accuracy import judge, score
from benchmarks.accuracy.foretold import Asked
from benchmarks.accuracy.lived import Lived

LEAST_COVERAGE: Final = 0.75
MOST_COVERAGE: Final = 0.85
ERI_ERROR_DAYS: Final = 45.0
ERI_ERROR_AHEAD: Final = "365 days"
BURDEN: Final = 1.5
PUMP_YEARS: Final = 1000
HARMS: Final = (("an empty reservoir", "empty"), ("its end of service", "eos"))


def unmet(asked: Sequence[Asked], clinics: Sequence[Lived]) -> list[str]:
    """Name each promise that the run did not keep, or was too small to tell."""
    rows = score.rows(asked)
    found = [
        f"{row.what}: 80 % intervals held {row.coverage:.1%} of the outcomes"
        for row in rows
        if row.ahead == score.OVER_ALL and not LEAST_COVERAGE <= row.coverage <= MOST_COVERAGE
    ]
    errors = [row.error_days for row in rows if (row.what, row.ahead) == (score.WHAT["eri"], ERI_ERROR_AHEAD)]
    if not errors:
        found.append("the indicator's date a year ahead was never asked for")
    found += [
        f"the indicator's date a year ahead is off by {days:.0f} days" for days in errors if days > ERI_ERROR_DAYS
    ]
    for title, what in HARMS:
        missed = judge.warned(clinics, what).missed
        if missed:
            found.append(f"{missed} times a pump reached {title} with no line open before")
    burden = judge.routine_burden([lived for lived in clinics if not lived.neglected]).per_month
    if burden >= BURDEN:
        found.append(f"{burden:.2f} lines a pump-month were opened in routine months")
    years = judge.pump_years(clinics)
    if years < PUMP_YEARS:
        found.append(f"{years:,.0f} pump-years were lived, too few to tell")
    return found
