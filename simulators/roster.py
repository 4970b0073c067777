"""The clinic's roster: every pump that it has or had, so that somebody can enrol them."""

from datetime import date, datetime, timedelta
from decimal import Decimal
from math import ceil
from typing import Final

from msgspec import Struct

from simulators.clinic import Clinic
from simulators.generate_patient import Patient, admit
from simulators.pump_life import Course
from simulators.status_messages import Fact, Said


class Pump(Struct, frozen=True):
    """One line of the roster, in the words of the tracker's import. `lifecycle`: `implanted`, `replaced`, `explanted`.

    `dose_per_day` and `low_reservoir_ml` are those of the first day. `programmer` is the clinic's own, for its visits.
    `messages` is about how many it sends in all.
    """

    serial: str
    model: str
    patient_reference: str
    lifecycle: str
    implanted_on: date
    explanted_on: date | None
    explanted_because: str | None
    replaces: str | None
    replaced_by: str | None
    drug: str
    concentration: Decimal
    concentration_unit: str
    dose_per_day: Decimal
    low_reservoir_ml: float | None
    report_interval_s: int
    programmer: str
    messages: int


CSV_COLUMNS: Final = (
    "serial",
    "model",
    "patient_reference",
    "lifecycle",
    "implanted_on",
    "drug",
    "concentration",
    "concentration_unit",
    "dose_per_day",
    "low_reservoir_ml",
    "report_interval_s",
)
"""What an import may say of a pump."""


def roster(clinic: Clinic, opened: datetime, until: datetime) -> list[Pump]:
    """Every pump of the clinic between the two days, in order of implant; takes well under a second for 60 pumps."""
    pumps = []
    for planned in clinic.patients:
        patient = admit(clinic.seed, planned.number, opened, until, planned.pumps_left)
        pumps.extend(_pumps_of(clinic.seed, patient, until))
    return sorted(pumps, key=lambda pump: (pump.implanted_on, pump.serial))


def _pumps_of(seed: int, patient: Patient, until: datetime) -> list[Pump]:
    """The chain of pumps in one patient, found by living through the years without the reports."""
    chain: list[Pump] = []
    course, dose, replaces, said = patient.course, patient.course.dose_per_day, None, 0
    for event in Clinic(seed, [patient]).history(until, reports=False):
        if isinstance(event, Said):
            said += 1
        elif isinstance(event, Fact) and event.what == "explanted":
            chain.append(_line(patient.number, course, dose, replaces, said, event.at, event))
            course, dose, replaces, said = patient.course, patient.course.dose_per_day, course.serial, 0
    if not patient.left:
        chain.append(_line(patient.number, course, dose, replaces, said, until, None))
    return chain


def _line(
    number: int, course: Course, dose: Decimal, replaces: str | None, said: int, until: datetime, gone: Fact | None
) -> Pump:
    state = course.state
    successor = None if gone is None else gone.detail["replaced_by"]
    because = None if gone is None else gone.detail["because"]
    reports = (until - course.implanted_at) / timedelta(hours=course.report_every_hours)
    return Pump(
        serial=course.serial,
        model=state.unit.model_id,
        patient_reference=f"P-{number + 1:04d}",
        lifecycle="implanted" if gone is None else "explanted" if successor is None else "replaced",
        implanted_on=course.implanted_at.date(),
        explanted_on=None if gone is None else gone.at.date(),
        explanted_because=None if because is None else str(because),
        replaces=replaces,
        replaced_by=None if successor is None else str(successor),
        drug=course.therapy.drug,
        concentration=course.therapy.concentration,
        concentration_unit=course.therapy.unit,
        dose_per_day=dose,
        low_reservoir_ml=state.low_mark_ml if state.unit.model.low_reservoir_ml is not None else None,
        report_interval_s=round(course.report_every_hours * 3600),
        programmer=course.programmer,
        messages=said + ceil(reports),
    )
