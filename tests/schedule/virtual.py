"""Stories on virtual time: what the simulated communicators say, stored as it arrives, with every job at its turn."""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from sqlmodel import Session, col, select

from devices import topics
from devices.report import StatusReport
from simulators.numbering import numbered
from simulators.status_messages import Event, Fact, Garbage, MemoryLost, Said
from simulators.story import PROGRAMMER, Story, tell
from tests.actions.build import a_clinic, a_pump
from tracker.ingest.inbound_message import Arrival
from tracker.ingest.store import Store
from tracker.records.alarm import open_alarms
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.determination import newest_determinations
from tracker.records.finding import FindingRecord
from tracker.records.programmer_session import ClinicProgrammer
from tracker.records.pump import Pump
from tracker.records.worklist import WorklistItem
from tracker.schedule.alarms import tend_alarms
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.silence import note_silence

TICK = timedelta(hours=12)


@dataclass(slots=True)
class Ending:
    """What stands at a story's end, and how many lines were opened on the way."""

    alarms: frozenset[str]
    findings: frozenset[str]
    worklist: frozenset[str]
    outcome: str
    rejected: bool
    opened: int
    said: tuple[str, ...]


@dataclass(slots=True)
class Communicator:
    """Numbers what one pump says."""

    serial: str
    epoch: int = 1
    seq: int = 0

    def arrivals(self, event: Event) -> Iterator[Arrival]:
        """The messages that the event puts on the wire."""
        telemetry = topics.telemetry(self.serial).encode()
        if isinstance(event, MemoryLost):
            self.epoch, self.seq = self.epoch + 1, 0
        elif isinstance(event, Garbage):
            yield Arrival(telemetry, event.payload)
        elif isinstance(event, Said):
            self.seq += 1
            payload = numbered(event.message, self.epoch, self.seq)
            is_status = isinstance(event.message, StatusReport)
            topic = telemetry if is_status else topics.session(self.serial).encode()
            for _ in range(event.copies):
                yield Arrival(topic, payload)


@dataclass(slots=True)
class Clock:
    """Plays stories side by side, each in a clinic of its own."""

    database: Database
    start: datetime
    store: Store = field(default_factory=lambda: Store(1000))

    def play(self, stories: tuple[Story, ...]) -> dict[str, Ending]:
        """Every story to its own end, on one virtual timeline."""
        pumps = {story.name: self._enrol(story) for story in stories}
        speakers = {serial_of(story): Communicator(serial_of(story)) for story in stories}
        told = heapq.merge(
            *(tell(story, serial_of(story), self.start) for story in stories), key=lambda event: event.at
        )
        ends = sorted((self.start + timedelta(days=story.days), story.name) for story in stories)
        endings: dict[str, Ending] = {}
        tick = self.start + TICK
        with self.database.engine.connect().execution_options(tracker_writes=True) as connection:
            for event in told:
                while ends and ends[0][0] < event.at and ends[0][0] <= tick:
                    end, name = ends.pop(0)
                    self._work(end)
                    endings[name] = self._ending(pumps[name], end)
                while tick < event.at:
                    self._work(tick)
                    tick += TICK
                if not isinstance(event, Fact):
                    arrivals = list(speakers[event.serial].arrivals(event))
                    if arrivals:
                        self.store.write(connection, arrivals, event.at)
        for end, name in ends:
            while tick < end:
                self._work(tick)
                tick += TICK
            self._work(end)
            endings[name] = self._ending(pumps[name], end)
        return endings

    def _enrol(self, story: Story) -> Pump:
        with self.database.writing() as session:
            clinic = a_clinic(session, self.start, story.name)
            session.add(
                ClinicProgrammer(
                    clinic_id=key(clinic.id), programmer=PROGRAMMER, added_by="admin@clinic", added_at=self.start
                )
            )
            return a_pump(
                session,
                self.start,
                clinic=story.name,
                serial=serial_of(story),
                model=story.model_id,
                drug=story.therapy.drug,
                implanted_on=(self.start - timedelta(days=story.age_days)).date(),
                report_interval_s=int(story.report_every_hours * 3600),
            )

    def _work(self, now: datetime) -> None:
        note_silence(self.database, now)
        tend_alarms(self.database, now)
        evaluate_due_pumps(self.database, now)

    def _ending(self, pump: Pump, _end: datetime) -> Ending:
        with self.database.reading() as session:
            pump_id = key(pump.id)
            findings = session.exec(select(FindingRecord).where(FindingRecord.pump_id == pump_id)).all()
            items = session.exec(select(WorklistItem).where(WorklistItem.clinic_id == pump.clinic_id)).all()
            lines = [item for item in items if item.closed_at is None]
            return Ending(
                alarms=frozenset(alarm.code for alarm in open_alarms(session, [pump_id]).get(pump_id, ())),
                findings=frozenset(one.kind for one in findings if one.mended_at is None),
                worklist=frozenset(item.kind for item in lines),
                outcome=newest_determinations(session, [pump_id])[pump_id].outcome,
                rejected=_rejected(session, pump_id),
                opened=len(items),
                said=tuple(f"{item.kind}: {item.what} | {item.why}" for item in lines),
            )


def _rejected(session: Session, pump_id: int) -> bool:
    from tracker.records.rejected import RejectedMessage

    return session.exec(select(col(RejectedMessage.id)).where(RejectedMessage.pump_id == pump_id)).first() is not None


def serial_of(story: Story) -> str:
    """The serial of a story's pump."""
    return f"story-{story.name}"
