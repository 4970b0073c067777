"""What all messages share on the wire: the kinds of field, how bytes are read, how values are written."""

from datetime import UTC, datetime
from typing import Annotated, Final, TypeVar

from msgspec import DecodeError, Meta, Struct, ValidationError
from msgspec.json import Decoder, Encoder

from devices.wire_fault import WireError, fault_from_malformed, fault_from_validation

MAX_PAYLOAD_BYTES: Final = 16 * 1024
"""A longer payload is refused unread."""

Count = Annotated[int, Meta(ge=1, le=2**63 - 1)]
Moment = Annotated[datetime, Meta(tz=True)]
Name = Annotated[str, Meta(min_length=1, max_length=64)]

ENCODER: Final = Encoder()

_Wire = TypeVar("_Wire", bound=Struct)


def read(decoder: Decoder[_Wire], payload: bytes) -> _Wire:
    """Decode the payload whole, or raise WireError with the field at fault."""
    if len(payload) > MAX_PAYLOAD_BYTES:
        raise WireError("payload", f"is {len(payload)} bytes long; more than {MAX_PAYLOAD_BYTES} are refused")
    try:
        if not payload.isascii():
            payload.decode()  # the decoder skips unknown fields without a look at their letters
        return decoder.decode(payload)
    except ValidationError as fault:
        raise fault_from_validation(str(fault)) from None
    except DecodeError as fault:
        raise fault_from_malformed(str(fault), payload) from None
    except UnicodeDecodeError as fault:
        raise WireError("payload", f"is not UTF-8 at byte {fault.start}") from None
    except RecursionError:
        raise WireError("payload", "is nested too deep") from None


def in_utc(moment: datetime, field: str) -> datetime:
    """Return the aware moment in UTC; WireError where that leaves the calendar."""
    if moment.tzinfo is UTC:
        return moment
    try:
        return moment.astimezone(UTC)
    except OverflowError:
        raise WireError(field, "lies outside the calendar") from None


def plain(text: str, field: str) -> str:
    """Return the text, or raise WireError if it holds control characters, which no page or database should be given."""
    if text.isprintable():
        return text
    raise WireError(field, "holds characters that cannot be printed")
