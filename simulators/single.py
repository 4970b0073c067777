"""One story played by one enrolled pump over MQTT."""

import random
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Final

from simulators.fleet import Fleet
from simulators.status_messages import Event, Garbage, MemoryLost, Said
from simulators.story import Story, tell
from simulators.truth import TruthFile

_PATIENCE_S: Final = 30.0


def play(
    story: Story, serial: str, fleet: Fleet, truth: TruthFile, *, seed: int, seconds: float, stopped: Callable[[], bool]
) -> bool:
    """Sends the story's messages in order, spread over `seconds`; returns whether all were receipted.

    The story ends now: its messages carry times of the days before.
    """
    start = datetime.now(UTC).replace(microsecond=0) - timedelta(days=story.days)
    rng = random.Random(seed)
    communicator = fleet.communicators[serial]
    began = time.monotonic()
    for event in tell(story, serial, start, seed):
        truth.write(event)
        due = began + seconds * ((event.at - start) / timedelta(days=story.days))
        while time.monotonic() < due or not communicator.ready:
            if stopped():
                return False
            fleet.turn(0.02)
        _send(event, fleet, rng)
    deadline = time.monotonic() + _PATIENCE_S
    return fleet.run_until(lambda: fleet.backlog == 0 or stopped(), deadline) and fleet.backlog == 0


def _send(event: Event, fleet: Fleet, rng: random.Random) -> None:
    communicator = fleet.communicators[event.serial]
    if isinstance(event, Said):
        stored = fleet.say([(event.serial, event.message)])
        copies = stored * (event.copies - 1)
        rng.shuffle(copies)
        for each in copies:
            communicator.publish_raw(each.payload, session=each.session)
    elif isinstance(event, Garbage):
        communicator.publish_raw(event.payload)
    elif isinstance(event, MemoryLost):
        fleet.lose_memory(event.serial)
