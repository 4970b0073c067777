"""Which of the messages that wait are written next: a pump that brings many takes a share of a batch, not all of it.

What is over a pump's share waits for the next batch, in its order. So a flood, or a long backlog, makes nobody else
wait for more than a small batch of its own. Where nobody else waits, the rest of the batch is the loud pump's: a flood
is over sooner in few large transactions than in many small ones, and what comes behind it waits less.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from operator import itemgetter
from typing import Final

from tracker.ingest.decode import read_topic
from tracker.ingest.inbound_message import Arrival

SHARE: Final = 1000
"""So much of one batch one pump may take, in plain reports."""
_FILLED: Final = 3 * SHARE
_SESSION: Final = 10  # a programmer session drafts a visit and takes as long as so many reports
_LARGE_BYTES: Final = 8 * 1024  # a message of so many bytes takes as long as one report more
_QUIET_BYTES: Final = 4 * 1024**2
_topic_of = itemgetter(0)


def next_batch(waiting: Sequence[Arrival], most: int) -> tuple[list[Arrival], list[Arrival]]:
    """At most ``most`` of the messages, and what waits on; both in the order in which they came.

    A pump's messages are taken up to its share and none that comes after one that waits on.
    """
    if len(waiting) <= SHARE // _SESSION or not _is_loud(waiting):
        return list(waiting[:most]), list(waiting[most:])
    taken: list[Arrival] = []
    left: list[Arrival] = []
    used: dict[str, int] = {}
    for at, arrival in enumerate(waiting):
        if len(taken) == most:
            left += waiting[at:]
            break
        named = read_topic(arrival.topic)
        sender = named[0] if named is not None else ""
        before = used.get(sender, 0)
        weight = _weight(arrival)
        if before + weight > SHARE:
            used[sender] = SHARE + 1  # nothing after this one either
            left.append(arrival)
        else:
            used[sender] = before + weight
            taken.append(arrival)
    return _filled(taken, left, most)


def _filled(taken: list[Arrival], left: list[Arrival], most: int) -> tuple[list[Arrival], list[Arrival]]:
    """The batch filled up from what waits on, in its order, up to the first message that takes long to store."""
    room = min(most, _FILLED) - len(taken)
    count = 0
    for arrival in left[: max(0, room)]:
        if _weight(arrival) > 1:
            break
        count += 1
    return taken + left[:count], left[count:]


def _weight(arrival: Arrival) -> int:
    """How long a message takes to store, in plain reports."""
    named = read_topic(arrival.topic)
    return (_SESSION if named is not None and named[1] == "session" else 1) + len(arrival.payload) // _LARGE_BYTES


def _is_loud(waiting: Sequence[Arrival]) -> bool:
    """Whether any pump could be over its share; seen fast, as it seldom is."""
    if max(Counter(map(_topic_of, waiting)).values()) > SHARE // _SESSION:
        return True
    return sum(len(arrival.payload) for arrival in waiting) > _QUIET_BYTES
