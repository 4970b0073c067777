"""Gives a message its number: the (epoch, seq) pair that names it for ever."""

from typing import Final

import msgspec

from devices.report import ProgrammerSession, StatusReport
from devices.wire import encode_session, encode_status

Message = StatusReport | ProgrammerSession

NOT_NUMBERED: Final = 0
"""Stands in `epoch` and `seq` of a message that no journal has stored yet; no stored message carries it."""


def numbered(message: Message, epoch: int, seq: int) -> bytes:
    """The message's bytes on the wire under this number."""
    if isinstance(message, StatusReport):
        return encode_status(msgspec.structs.replace(message, epoch=epoch, seq=seq))
    return encode_session(msgspec.structs.replace(message, epoch=epoch, seq=seq))


def renumbered(payload: bytes, epoch: int, seq: int) -> bytes:
    """The same message under another number; works on the JSON alone, so that a faulty value stays as it was."""
    fields = msgspec.json.decode(payload)
    fields["epoch"] = epoch
    fields["seq"] = seq
    return msgspec.json.encode(fields)
