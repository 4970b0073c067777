"""The MQTT topics: who speaks of what, and for which pump.

Communicators publish telemetry, sessions and their presence below their own serial; the tracker publishes receipts and
nothing else, so nothing it sends can change a therapy.
"""

import re
from enum import StrEnum
from typing import Final


class Kind(StrEnum):
    """The last part of a topic: what the message is."""

    TELEMETRY = "telemetry"
    SESSION = "session"
    PRESENCE = "presence"
    RECEIPT = "receipt"


SUBSCRIPTIONS: Final[tuple[str, ...]] = ("pumps/+/telemetry", "pumps/+/session", "pumps/+/presence")
"""What the tracker subscribes to, each at QoS 1."""

_SERIAL = re.compile(r"[A-Za-z0-9._-]{1,64}\Z")
_TOPIC = re.compile(r"pumps/([A-Za-z0-9._-]{1,64})/(telemetry|session|presence|receipt)\Z")
_KINDS: Final = {kind.value: kind for kind in Kind}


def telemetry(serial: str) -> str:
    """Return the topic of the pump's status reports. Raises ValueError if the serial could not stand in a topic."""
    return _topic(serial, Kind.TELEMETRY)


def session(serial: str) -> str:
    """Return the topic of the pump's sessions. Raises ValueError if the serial could not stand in a topic."""
    return _topic(serial, Kind.SESSION)


def presence(serial: str) -> str:
    """Return the topic of the communicator's presence. Raises ValueError if the serial could not stand in a topic."""
    return _topic(serial, Kind.PRESENCE)


def receipt(serial: str) -> str:
    """Return the topic of the tracker's receipts. Raises ValueError if the serial could not stand in a topic."""
    return _topic(serial, Kind.RECEIPT)


def parse(topic: str) -> tuple[str, Kind] | None:
    """Return the serial and the kind that the topic names, or None for a topic that is none of ours."""
    found = _TOPIC.match(topic)
    return None if found is None else (found[1], _KINDS[found[2]])


def is_serial(text: str) -> bool:
    """Return whether the text can be a pump's serial: 1 to 64 characters of A-Z a-z 0-9 . _ -, and not dots alone.

    An address that ends in ``.`` or ``..`` leads elsewhere: the pump's own page could never be opened.
    """
    return _SERIAL.match(text) is not None and text.strip(".") != ""


def _topic(serial: str, kind: Kind) -> str:
    if not is_serial(serial):
        raise ValueError(f"{serial!r} is not a serial: it takes 1 to 64 characters of A-Z a-z 0-9 . _ -")
    return f"pumps/{serial}/{kind.value}"
