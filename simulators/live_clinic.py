"""A clinic live: a report per pump every few seconds, and stories that come up within minutes."""

import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from itertools import chain
from math import inf
from typing import Final

from msgspec.structs import replace

from devices.report import ProgrammerSession
from simulators import saved_state
from simulators.assign_stories import cast
from simulators.clinic import Clinic
from simulators.effects import run
from simulators.fleet import Fleet
from simulators.generate_patient import Patient
from simulators.journal import Journal
from simulators.numbering import Message
from simulators.pump_life import Dice
from simulators.saved_state import Stand
from simulators.status_messages import Event, Fact, Garbage, MemoryLost, Said
from simulators.truth import TruthFile

_KEEP_EVERY: Final = 10.0
_TURN: Final = 0.05


class Living:
    """The clinic from the moment it was saved, in real time. `every_s` is the time between two reports of one pump.

    Drug flows as it truly would; `speed` makes the whole clinic's time pass quicker than the reports' clocks show.
    """

    def __init__(
        self,
        journal: Journal,
        fleet: Fleet,
        truth: TruthFile,
        clinic: Clinic,
        stand: Stand,
        *,
        every_s: float,
        speed: float,
        tell: Callable[[Mapping[str, object]], None],
        stopped: Callable[[], bool],
    ) -> None:
        self._journal = journal
        self._fleet = fleet
        self._truth = truth
        self._clinic = clinic
        self._stand = stand
        self._every_s = every_s
        self._speed = speed
        self._tell = tell
        self._stopped = stopped
        self._dice: dict[str, Dice] = {}

    def run(self, *, stories: bool) -> None:
        """Goes on until stopped; saves the clinic every ten seconds and at the end."""
        patients = [patient for patient in self._clinic.patients if not patient.left]
        self._catch_up(patients)
        if stories:
            self._cast()
        began = kept_at = time.monotonic()
        lived = dict.fromkeys(range(len(patients)), began)
        spoken = 0
        while not self._stopped():
            now = time.monotonic()
            due = int((now - began) * len(patients) / self._every_s)
            said: list[tuple[str, Message]] = []
            for turn in range(max(spoken, due - len(patients)), due):
                which = turn % len(patients)
                said.extend(self._live_on(patients[which], now - lived[which]))
                lived[which] = now
            spoken = due
            if said:
                self._fleet.say(said)
                self._stand = replace(self._stand, messages=self._stand.messages + len(said))
            self._fleet.turn(_TURN)
            if now - kept_at >= _KEEP_EVERY:
                kept_at = now
                self._keep()
        self._keep()

    def _catch_up(self, patients: list[Patient]) -> None:
        """What was said since the clinic was saved last, with the times that it had."""
        now = _now()
        for patient in patients:
            course = patient.course
            said: list[tuple[str, Message]] = []
            for event in run(course, max(now, course.at), self._dice_of(patient)):
                said.extend(self._take(event))
            if said:
                self._fleet.say(said)
                self._stand = replace(self._stand, messages=self._stand.messages + len(said))
            if course.silent:
                self._fleet.cut(course.serial, inf)
        self._keep()

    def _cast(self) -> None:
        told = frozenset(self._stand.told)
        for story, serial in cast(self._clinic, told):
            self._stand = replace(self._stand, told=(*self._stand.told, story))
            self._tell({"story": story, "serial": serial})

    def _live_on(self, patient: Patient, real_s: float) -> list[tuple[str, Message]]:
        """Lets one pump live on and report. Its time may run quicker; its messages carry the true time."""
        course = patient.course
        now = _now()
        until = now if self._speed == 1 else course.at + timedelta(seconds=round(real_s * self._speed))
        dice = self._dice_of(patient)
        said: list[tuple[str, Message]] = []
        for event in chain(run(course, max(until, course.at), dice), course.say_status(dice)):
            said.extend((serial, self._at(now, event.at, message)) for serial, message in self._take(event))
        return said

    def _at(self, now: datetime, simulated: datetime, message: Message) -> Message:
        if self._speed == 1:
            return message
        shift = now - simulated
        message = replace(message, measured_at=(message.measured_at + shift).replace(microsecond=0))
        if isinstance(message, ProgrammerSession) and message.started_at is not None:
            message = replace(message, started_at=message.started_at + shift)
        return message

    def _take(self, event: Event) -> list[tuple[str, Message]]:
        """What of an event is to be stored; all else is done at once."""
        self._truth.write(event)
        if isinstance(event, Said):
            return [(event.serial, event.message)]
        if isinstance(event, Garbage):
            self._fleet.communicators[event.serial].publish_raw(event.payload)
        elif isinstance(event, MemoryLost):
            self._fleet.lose_memory(event.serial)
        elif isinstance(event, Fact):
            self._react(event)
        return []

    def _react(self, fact: Fact) -> None:
        course = next(each.course for each in self._clinic.patients if each.course.serial == fact.serial)
        if fact.what == "silent":
            self._fleet.cut(fact.serial, inf)
        elif fact.what == "eri":
            course.state = replace(course.state, drain=course.state.unit.drain)
        if fact.what not in {"silent", "eri", "empty", "motor_stall", "garbage"}:
            return
        self._tell({"happened": fact.what, "serial": fact.serial})

    def _keep(self) -> None:
        self._stand = replace(self._stand, lived_until=_now())
        self._journal.keep(saved_state.notes(self._stand, self._clinic))
        fleet = self._fleet
        self._tell({"connected": fleet.connected, "sent": self._stand.messages, "waiting": fleet.backlog})

    def _dice_of(self, patient: Patient) -> Dice:
        course = patient.course
        if course.serial not in self._dice:
            self._dice[course.serial] = Dice(f"{self._clinic.seed}/{course.serial}/{course.at.isoformat()}")
        return self._dice[course.serial]


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)
