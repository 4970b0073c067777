"""What makes a simulated clinic neglectful, so that pumps come to the harms that the worklist must have foretold."""

from __future__ import annotations

from datetime import timedelta
from random import Random
from typing import Final

from simulators import events as h
from simulators.clinic import Clinic
from simulators.pump_life import Course
from simulators.status_messages import Fact

ABSENCES_PER_YEAR: Final = 1.0
AWAY_DAYS: Final = (20.0, 70.0)
SURGERY_AFTER_ERI_DAYS: Final = (95.0, 130.0)
"""The battery lasts 90 days from the indicator."""

_AHEAD_DAYS: Final = 12 * 365.25


class Neglect:
    """Patients who stay away from refills, and surgery that comes after the battery's end."""

    def __init__(self, clinic: Clinic) -> None:
        self._clinic = clinic
        self._rng = Random(f"{clinic.seed}/neglect")

    def keep_away(self, course: Course) -> None:
        """Plan the absences of a pump's patient for as long as any pump lives."""
        day = self._rng.expovariate(ABSENCES_PER_YEAR / 365.25)
        while day < _AHEAD_DAYS:
            course.plan_after(day, h.RefillsMissed(round(self._rng.uniform(*AWAY_DAYS), 1)))
            day += self._rng.expovariate(ABSENCES_PER_YEAR / 365.25)

    def put_off_surgery(self, eri: Fact) -> None:
        """Set the operation that the clinic has planned on seeing the indicator to a day after the end of service."""
        patient = next(each for each in self._clinic.patients if each.course.serial == eri.serial)
        patient.explant_at = eri.at + timedelta(days=self._rng.uniform(*SURGERY_AFTER_ERI_DAYS))
