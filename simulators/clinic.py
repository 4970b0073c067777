"""A whole clinic from one seed: its patients, their pumps, and years of what the pumps said.

The same seed, size and days give the same bytes. A `Clinic` is a plain value: written down at the end of a history it
can be taken up again where it stood.
"""

from collections.abc import Iterator
from datetime import datetime, timedelta
from heapq import merge
from operator import attrgetter
from random import Random
from typing import Final

from msgspec import Struct, field

from simulators.effects import run
from simulators.generate_patient import Patient, admit, implant, plan_explant_for_infection, successor
from simulators.pump_life import Dice
from simulators.status_messages import Event, Fact

_STRIDE: Final = timedelta(days=7)
_SURGERY_DAYS_AFTER_ERI: Final = (15.0, 82.0)
_SURGERY_DAYS_AFTER_STALL: Final = (2.0, 12.0)
_A_SLOT: Final = timedelta(hours=2)


class Clinic(Struct):
    """The clinic at one moment; `history` moves it on."""

    seed: int
    patients: list[Patient] = field(default_factory=list)

    def history(self, until: datetime, *, reports: bool = True) -> Iterator[Event]:
        """All that is said and done from where the clinic stands up to `until`, in order of time.

        Without `reports` the same years pass with nothing but what truly happened and the programmer sessions.
        """
        lives = (self._lives(patient, until, reports=reports) for patient in self.patients)
        yield from merge(*lives, key=attrgetter("at"))

    def _lives(self, patient: Patient, until: datetime, *, reports: bool) -> Iterator[Event]:
        dice = self._dice(patient)
        while not patient.left and patient.course.at < until:
            course = patient.course
            stop = max(course.at, min(course.at + _STRIDE, until, patient.explant_at or until))
            for event in run(course, stop, dice, reports=reports):
                if isinstance(event, Fact):
                    _plan_surgery(patient, event, dice.life)
                yield event
            if patient.explant_at is not None and course.at >= patient.explant_at:
                yield from self._operate(patient)
                dice = self._dice(patient)

    def _operate(self, patient: Patient) -> Iterator[Event]:
        """The pump comes out; another goes in unless the patient is to have none."""
        old = patient.course
        reason = patient.reason
        patient.left = reason == "infection" or patient.pumps_left == 0
        if patient.left:
            yield old.fact("explanted", because=reason, replaced_by=None)
            return
        patient.pumps_left -= 1
        patient.generation += 1
        model = successor(old.state.unit.model)
        course = implant(
            self.seed, patient.number, patient.generation, model, old.therapy, old.dose_per_day, old.at + _A_SLOT
        )
        patient.course, patient.explant_at, patient.reason, patient.replaces = course, None, "", old.serial
        plan_explant_for_infection(self.seed, patient)
        yield old.fact("explanted", because=reason, replaced_by=course.serial)
        yield course.fact("implanted", replaces=old.serial)

    def _dice(self, patient: Patient) -> Dice:
        course = patient.course
        return Dice(f"{self.seed}/{course.serial}/{course.at.isoformat()}")


def open_clinic(seed: int, pumps: int, opened: datetime, until: datetime) -> Clinic:
    """The clinic with so many pumps, counted over all who came out and went in between the two days."""
    clinic = Clinic(seed)
    count = 0
    while count < pumps:
        number = len(clinic.patients)
        trial = Clinic(seed, [admit(seed, number, opened, until, pumps - count - 1)])
        for _ in trial.history(until, reports=False):
            pass
        used = trial.patients[0].generation
        clinic.patients.append(admit(seed, number, opened, until, used))
        count += 1 + used
    return clinic


def _plan_surgery(patient: Patient, fact: Fact, rng: Random) -> None:
    """What the clinic does on hearing of it: the battery's end and a motor that stays still call for a new pump."""
    if patient.reason:
        return
    if fact.what == "eri":
        patient.explant_at, patient.reason = _within(fact.at, _SURGERY_DAYS_AFTER_ERI, rng), "battery"
    elif fact.what == "eos":
        patient.explant_at, patient.reason = _within(fact.at, _SURGERY_DAYS_AFTER_STALL, rng), "battery"
    elif fact.what == "motor_stall" and fact.detail["recovers_after_hours"] is None:
        patient.explant_at, patient.reason = _within(fact.at, _SURGERY_DAYS_AFTER_STALL, rng), "motor stall"


def _within(after: datetime, days: tuple[float, float], rng: Random) -> datetime:
    return after + timedelta(seconds=round(rng.uniform(*days) * 86_400))
