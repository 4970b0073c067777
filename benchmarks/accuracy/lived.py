"""A simulated clinic's years on virtual time: wire bytes through ingest's store, jobs at their turn, staff at work.

Everything is the product's own but the clock and MQTT: what the communicators say is stored every third noon and then
the jobs run once, with that noon as `now`; the staff work every noon. The running scheduler looks every two seconds, so
a line stands here up to three days later than it would in a clinic: warnings are measured at their worst.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlalchemy import event as sql_event
from sqlmodel import Session, col, select

from benchmarks.accuracy import staff
from benchmarks.accuracy.neglect import Neglect
from benchmarks.accuracy.truth import FILLS, Truth, truth_of
from devices import topics
from devices.report import StatusReport
from simulators.clinic import Clinic, open_clinic
from simulators.events import Report
from simulators.numbering import numbered
from simulators.pump_life import Course
from simulators.status_messages import Event, Fact, MemoryLost, Said
from tracker.ingest.inbound_message import Arrival
from tracker.ingest.store import Store
from tracker.records import schema
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.programmer_session import ClinicProgrammer
from tracker.records.pump import Clinic as ClinicRecord
from tracker.records.worklist import WorklistItem
from tracker.schedule.jobs import JOBS
from tracker.settings import Settings

TICK: Final = timedelta(days=1)
LOOK_EVERY: Final = 3
"""So many days lie between two looks."""

LAST_JOB: Final = "evaluate"
"""It runs first in the scheduler and again two seconds later; here its one turn comes after the others."""


@dataclass(slots=True)
class Opened:
    """One line that the worklist opened, with the truth about its pump at that moment; times are virtual."""

    item_id: int
    serial: str | None
    kind: str
    cause: str
    what: str
    opened_at: datetime
    truth: Truth | None


@dataclass(slots=True)
class Harm:
    """A pump that truly reached empty or its end of service; `warned_at` is when the line then open had been opened."""

    serial: str
    what: str
    at: datetime
    warned_at: datetime | None


@dataclass(slots=True)
class Life:
    """One pump's time at the clinic and what truly happened in it."""

    serial: str
    model: str
    drug: str
    since: datetime
    until: datetime
    facts: list[Fact] = field(default_factory=list)


@dataclass(slots=True)
class Lived:
    """What came of one clinic's years."""

    seed: int
    neglected: bool
    lives: dict[str, Life] = field(default_factory=dict)
    opened: list[Opened] = field(default_factory=list)
    harms: list[Harm] = field(default_factory=list)
    messages: int = 0


HARMS: Final = {"empty": "reservoir", "eri": "battery", "eos": "battery"}
"""What may befall a pump, and the cause under which the worklist must have had it. The indicator itself is no harm."""


def live(
    seed: int,
    pumps: int,
    opened: datetime,
    start: datetime,
    until: datetime,
    horizon: datetime,
    folder: Path,
    *,
    neglected: bool,
    tell: Callable[[], None] = lambda: None,
) -> Lived:
    """Live through a clinic's years from `start` on, when it begins to use the tracker; `tell` is called once a month.

    Its pumps are as old by then as the years since `opened` have made them. Patients come until `horizon`, so that one
    clinic may be watched for longer or shorter.
    `neglected`: once a year on average each patient stays away from refills for weeks, and surgery comes after the end
    of service; so that many pumps come to the harms that the worklist must have foretold.
    """
    database = Database(f"sqlite:///{folder / f'clinic-{seed}.db'}")
    sql_event.listen(database.engine, "connect", _needs_no_disk)
    try:
        schema.upgrade(database)
        settings = Settings(data_dir=folder, database_url=str(database.url))
        clinic = open_clinic(seed, pumps, opened, horizon)
        return _Years(database, settings, clinic, start, neglected=neglected).live(until, tell)
    finally:
        database.close()


def _needs_no_disk(connection: sqlite3.Connection, _record: object) -> None:
    connection.execute("PRAGMA synchronous=OFF")  # the database ends with the run


class _Years:
    """The clinic as it lives, beside the tracker's records of it."""

    def __init__(
        self, database: Database, settings: Settings, clinic: Clinic, start: datetime, *, neglected: bool
    ) -> None:
        self._database = database
        self._settings = settings
        self._clinic = clinic
        self._neglect = Neglect(clinic) if neglected else None
        self._store = Store(settings.rejected_per_pump)
        self._jobs = sorted(JOBS, key=lambda job: job.name == LAST_JOB)
        self._courses: dict[str, Course] = {}
        self._truths: dict[str, Truth] = {}
        self._filled_at: dict[str, datetime] = {}
        self._numbers: dict[str, tuple[int, int]] = {}
        self._pump_ids: dict[str, int] = {}
        self._serials: dict[int, str] = {}
        self._programmers: set[str] = set()
        self._newest_item = 0
        self.lived = Lived(clinic.seed, neglected)
        with database.writing() as session:
            record = ClinicRecord(name=f"Clinic {clinic.seed}", created_at=start)
            session.add(record)
            session.flush()
            self._clinic_id = key(record.id)
        self._start = start
        self._noon = start.replace(hour=12, minute=0, second=0, microsecond=0)
        self._days = 0

    def live(self, until: datetime, tell: Callable[[], None]) -> Lived:
        """Let the events pass one by one and the days with them."""
        for event in self._clinic.history(self._start, reports=False):
            if isinstance(event, Fact) and event.what in FILLS:
                self._filled_at[event.serial] = event.at
        for patient in self._clinic.patients:
            if not patient.left and patient.course.implanted_at < self._start:
                patient.course.plan_after(patient.number % 17 / 24, Report())  # a life passed unseen plans no reports
                self._take_in(patient.course, self._start)
        arrivals: list[Arrival] = []
        for event in self._clinic.history(until):
            while event.at > self._noon:
                self._day(arrivals)
                if self._noon.day == 1:
                    tell()
            arrivals.extend(self._hear(event))
        for life in self.lived.lives.values():
            life.until = min(life.until, until)
        return self.lived

    def _day(self, arrivals: list[Arrival]) -> None:
        """Look if it is the day for it, and let the staff work."""
        now = self._noon
        self._noon += TICK
        self._days += 1
        if self._days % LOOK_EVERY == 0:
            self._look(arrivals, now)
            arrivals.clear()
        with self._database.writing() as session:
            staff.work_through_the_day(session, now)
            filled_at = {pump_id: self._filled_at[serial] for serial, pump_id in self._pump_ids.items()}
            staff.say_how_long_fills_last(session, filled_at, now)

    def _look(self, arrivals: list[Arrival], now: datetime) -> None:
        """Store what was said since the last look and run the jobs."""
        if arrivals:
            self.lived.messages += len(arrivals)
            with self._database.engine.connect().execution_options(tracker_writes=True) as connection:
                self._store.write(connection, arrivals, now)
        for job in self._jobs:
            job.run(self._database, self._settings, now)
        with self._database.reading() as session:
            self._note_opened(session)

    def _note_opened(self, session: Session) -> None:
        chosen = select(WorklistItem).where(col(WorklistItem.id) > self._newest_item).order_by(col(WorklistItem.id))
        for item in session.exec(chosen):
            self._newest_item = key(item.id)
            serial = None if item.pump_id is None else self._serials[item.pump_id]
            cause = item.key.split(":", 2)[-1]
            truth = None if serial is None else self._truths[serial]
            self.lived.opened.append(
                Opened(self._newest_item, serial, item.kind, cause, item.what, item.opened_at, truth)
            )

    def _hear(self, event: Event) -> list[Arrival]:
        """Take the truth down, and give what goes over the wire. The pump's course stands at this very event."""
        serial = event.serial
        if serial not in self._courses:
            course = next(patient.course for patient in self._clinic.patients if patient.course.serial == serial)
            self._take_in(course, event.at)
        course = self._courses[serial]
        if isinstance(event, Fact):
            self._learn(event)
            return []
        self._truths[serial] = truth_of(course, self._filled_at[serial])
        if isinstance(event, MemoryLost):
            self._numbers[serial] = (self._numbers[serial][0] + 1, 0)
            return []
        topic = topics.telemetry(serial)
        if not isinstance(event, Said):
            return [Arrival(topic.encode(), event.payload)]
        epoch, seq = self._numbers[serial]
        self._numbers[serial] = (epoch, seq + 1)
        topic = topic if isinstance(event.message, StatusReport) else topics.session(serial)
        return [Arrival(topic.encode(), numbered(event.message, epoch, seq + 1))] * event.copies

    def _take_in(self, course: Course, at: datetime) -> None:
        """Enrol the pump; from here on it counts."""
        serial = course.serial
        self._courses[serial] = course
        if self._neglect is not None:
            self._neglect.keep_away(course)
        filled_at = self._filled_at.setdefault(serial, course.implanted_at)
        self._truths[serial] = truth_of(course, filled_at)
        self._numbers[serial] = (1, 0)
        self.lived.lives[serial] = Life(
            serial,
            course.state.unit.model_id,
            course.therapy.drug,
            at,
            datetime.max.replace(tzinfo=at.tzinfo),
        )
        with self._database.writing() as session:
            pump_id = key(staff.enrol(session, self._clinic_id, course, at).id)
            if course.programmer not in self._programmers:
                self._programmers.add(course.programmer)
                session.add(
                    ClinicProgrammer(
                        clinic_id=self._clinic_id,
                        programmer=course.programmer,
                        added_by=staff.NURSE,
                        added_at=at,
                    )
                )
        self._pump_ids[serial], self._serials[pump_id] = pump_id, serial

    def _learn(self, fact: Fact) -> None:
        life = self.lived.lives[fact.serial]
        life.facts.append(fact)
        if fact.what in FILLS:
            self._filled_at[fact.serial] = fact.at
        elif fact.what == "explanted":
            life.until = fact.at
            with self._database.writing() as session:
                staff.record_explant(session, self._pump_ids[fact.serial], fact)
        if fact.what in HARMS:
            if fact.what == "eri" and self._neglect is not None:
                self._neglect.put_off_surgery(fact)
            with self._database.reading() as session:
                self.lived.harms.append(Harm(fact.serial, fact.what, fact.at, self._warned_at(session, fact)))

    def _warned_at(self, session: Session, fact: Fact) -> datetime | None:
        """Since when the line that stands open for this cause has been there; None where there is none."""
        chosen = select(col(WorklistItem.opened_at)).where(
            WorklistItem.key == f"pump:{self._pump_ids[fact.serial]}:{HARMS[fact.what]}",
            col(WorklistItem.closed_at).is_(None),
            col(WorklistItem.opened_at) <= fact.at,
        )
        return session.exec(chosen).first()
