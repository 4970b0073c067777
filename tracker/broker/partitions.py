"""Which topics one ingest worker listens to, and what a topic that arrives there means.

One worker alone takes ``pumps/+/telemetry``, ``pumps/+/session`` and ``pumps/+/presence``. Several split the pumps,
and each pump always falls to the same one, so its messages stay in order:

* on NATS the server maps ``pumps.SERIAL.KIND`` to ``ingest.K.SERIAL.KIND``, with K from a hash of the serial, and
  worker K listens to ``ingest/K/+/KIND``;
* on a broker with shared subscriptions every worker asks for ``$share/GROUP/pumps/+/KIND``. That spreads messages,
  not pumps: order within a pump is then restored by its sequence numbers.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import NamedTuple

KINDS = ("telemetry", "session", "presence")
"""What a communicator publishes, as the last level of its topics."""

_PUMPS = "pumps"
_INGEST = "ingest"


class Arrival(NamedTuple):
    """What a topic says: whose message it is and of which kind."""

    serial: str
    kind: str


def subscriptions(partition: int | None = None, partitions: int = 1, group: str = "") -> list[str]:
    """The MQTT topic filters of an ingest worker.

    ``partitions`` is how many the broker's mapping makes (1: no mapping) and ``partition`` the one of this worker,
    counted from 0 (None: all of them). ``group`` names a shared subscription instead; the two exclude each other.
    Raises ``ValueError`` for a partition that does not exist or for both ways at once.
    """
    if partition is not None and not 0 <= partition < partitions:
        raise ValueError(f"partition {partition} does not exist: there are {partitions}, counted from 0")
    if group:
        if partitions > 1:
            raise ValueError("a share group and partitions exclude each other: set one of them")
        return [f"$share/{group}/{_PUMPS}/+/{kind}" for kind in KINDS]
    if partitions == 1:
        return [f"{_PUMPS}/+/{kind}" for kind in KINDS]
    which = "+" if partition is None else str(partition)
    return [f"{_INGEST}/{which}/+/{kind}" for kind in KINDS]


def parse_topic(topic: str) -> Arrival | None:
    """Whose message of which kind arrived on this topic, mapped or not; None for any other topic."""
    levels = topic.split("/")
    if levels[0] == _PUMPS and len(levels) == 3:
        _, serial, kind = levels
    elif levels[0] == _INGEST and len(levels) == 4:
        _, _, serial, kind = levels
    else:
        return None
    return Arrival(serial, kind) if serial and kind in KINDS else None


def client_id(password: str, worker: str = "ingest") -> str:
    """The fixed client id of an ingest worker's persistent session.

    A broker gives a session to whoever names its client id, so the id must not be guessable by a communicator that
    has a sign-in of its own: it ends in a keyed digest of the tracker's password. No dot, which NATS refuses.
    """
    digest = hmac.new(password.encode(), worker.encode(), hashlib.sha256).hexdigest()
    return f"tracker-{worker}-{digest[:16]}"
