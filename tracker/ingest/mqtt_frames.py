"""MQTT packets that ingest writes itself, as bytes."""

from __future__ import annotations

import struct
from collections.abc import Iterable
from typing import Final

PUBACK: Final = 0x40
"""The first byte of an acknowledgment, in either direction."""

_PUBACK_MID: Final = struct.Struct("!BBH")


def acknowledgments(mids: Iterable[int]) -> bytes:
    """One PUBACK for each message number, in this order."""
    pack = _PUBACK_MID.pack
    return b"".join([pack(PUBACK, 2, mid) for mid in mids])


def remaining_length(size: int) -> bytes:
    """MQTT's own way to write a length: seven bits a byte, the least first."""
    written = bytearray()
    while size > 127:
        written.append(size & 127 | 128)
        size >>= 7
    written.append(size)
    return bytes(written)
