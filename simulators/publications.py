"""From events to what goes over the wire, where no journal is at hand: each message numbered, in the order sent."""

import random
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from devices import topics
from devices.report import StatusReport
from simulators.numbering import numbered
from simulators.status_messages import Event, Garbage, MemoryLost, Said

_HELD_BACK = 6


@dataclass(frozen=True, slots=True)
class Spoken:
    """One publish: when it is sent, where, and its bytes."""

    at: datetime
    serial: str
    topic: str
    payload: bytes


def speak(events: Iterable[Event], seed: int = 1) -> Iterator[Spoken]:
    """Numbers the messages of any number of pumps. Repetitions come later than the first copy and out of order."""
    rng = random.Random(seed)
    marks: dict[str, tuple[int, int]] = {}
    echoes: list[Spoken] = []
    for event in events:
        epoch, seq = marks.get(event.serial, (1, 0))
        if isinstance(event, MemoryLost):
            marks[event.serial] = (epoch + 1, 0)
        elif isinstance(event, Garbage):
            yield Spoken(event.at, event.serial, topics.telemetry(event.serial), event.payload)
        elif isinstance(event, Said):
            marks[event.serial] = (epoch, seq + 1)
            payload = numbered(event.message, epoch, seq + 1)
            status = isinstance(event.message, StatusReport)
            topic = (topics.telemetry if status else topics.session)(event.serial)
            spoken = Spoken(event.at, event.serial, topic, payload)
            yield spoken
            echoes.extend([spoken] * (event.copies - 1))
            while len(echoes) > _HELD_BACK:
                echo = echoes.pop(rng.randrange(len(echoes)))
                yield Spoken(event.at, echo.serial, echo.topic, echo.payload)
    yield from echoes
