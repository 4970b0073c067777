"""A message as it came from the broker, not decoded yet."""

from __future__ import annotations

from typing import Final, NamedTuple

KEPT_PAYLOAD_BYTES: Final = 64 * 1024
"""Of a larger payload only so much is held and stored; the wire's own limit is far below, so it is refused anyway."""


class Arrival(NamedTuple):
    """Topic and payload, the id by which this connection acknowledges it, and whether the broker retained it."""

    topic: bytes
    payload: bytes
    mid: int = 0
    retained: bool = False
    size: int = 0
    """The payload's true size in bytes where it was shortened to ``KEPT_PAYLOAD_BYTES``; else 0."""
