"""The MQTT contract, written once for both ends: bytes to values, and values to canonical bytes.

Decoding checks all that can be said without knowing the pump: types, ranges, words, times with an offset. What depends
on the pump's model stands in `devices.check`. Everything wrong is a `WireError` that names the field; nothing is
repaired.

What JSON leaves open is decided so: unknown fields are ignored; of a key that comes twice the last counts, as with most
readers; a whole number may stand for a fraction (`3` for `3.0`) but not the reverse; amounts of drug are texts that
hold a plain decimal, and a JSON number is refused there.

Encoding is canonical: fields in a fixed order, no spaces, times in UTC with `Z`. The same value gives the same bytes.
"""

from typing import Annotated, Final, Literal

from msgspec import Meta, Struct
from msgspec.json import Decoder

from devices.alarm_code import AlarmCode
from devices.report import Battery, Infusion, Motor, Presence, Receipt, StatusReport
from devices.wire_fault import WireError
from devices.wire_fields import ENCODER, MAX_PAYLOAD_BYTES, Count, Moment, Name, in_utc, plain, read
from devices.wire_session import decode_session, encode_session

__all__ = [
    "MAX_GAPS",
    "MAX_PAYLOAD_BYTES",
    "WireError",
    "decode_presence",
    "decode_receipt",
    "decode_session",
    "decode_status",
    "encode_presence",
    "encode_receipt",
    "encode_session",
    "encode_status",
]

MAX_GAPS: Final = 64
"""The most ranges that one receipt names as missing."""


class _StatusWire(Struct, frozen=True, kw_only=True):
    v: Literal[1] = 1
    model: Name
    epoch: Count
    seq: Count
    measured_at: Moment
    battery: Battery | None = None
    reservoir_ml: Annotated[float, Meta(ge=0)]
    flow_ml_per_day: Annotated[float, Meta(ge=0, le=1_000)] | None = None
    infusion: Infusion
    motor: Motor
    alarms: Annotated[tuple[AlarmCode, ...], Meta(max_length=64)]
    firmware: Annotated[str, Meta(max_length=64)] | None = None


class _StatusWireIn(_StatusWire, frozen=True, kw_only=True):
    v: Literal[1]


class _PresenceWire(Struct, frozen=True):
    v: Literal[1]
    online: bool
    at: Moment


class _ReceiptWire(Struct, frozen=True):
    v: Literal[1]
    epoch: Count
    contiguous: Annotated[int, Meta(ge=0, le=2**63 - 1)]
    missing: Annotated[tuple[tuple[Count, Count], ...], Meta(max_length=MAX_GAPS)]
    at: Moment


_STATUS: Final = Decoder(_StatusWireIn)
_PRESENCE: Final = Decoder(_PresenceWire)
_RECEIPT: Final = Decoder(_ReceiptWire)


def decode_status(payload: bytes) -> StatusReport:
    """Return the status report that the payload holds; alarms come back sorted, each once. Raises WireError."""
    wire = read(_STATUS, payload)
    alarms = wire.alarms
    return StatusReport(
        wire.model if wire.model.isprintable() else plain(wire.model, "model"),
        wire.epoch,
        wire.seq,
        in_utc(wire.measured_at, "measured_at"),
        wire.battery,
        wire.reservoir_ml + 0.0,  # no negative zero
        wire.flow_ml_per_day,
        wire.infusion,
        wire.motor,
        alarms if len(alarms) < 2 else tuple(sorted(set(alarms))),
        None if wire.firmware is None else plain(wire.firmware, "firmware"),
    )


def encode_status(report: StatusReport) -> bytes:
    """Return the report's canonical bytes."""
    return ENCODER.encode(
        _StatusWire(
            model=report.model,
            epoch=report.epoch,
            seq=report.seq,
            measured_at=in_utc(report.measured_at, "measured_at"),
            battery=report.battery,
            reservoir_ml=report.reservoir_ml,
            flow_ml_per_day=report.flow_ml_per_day,
            infusion=report.infusion,
            motor=report.motor,
            alarms=report.alarms,
            firmware=report.firmware,
        )
    )


def decode_presence(payload: bytes) -> Presence:
    """Return the presence that the payload holds. Raises WireError."""
    wire = read(_PRESENCE, payload)
    return Presence(wire.online, in_utc(wire.at, "at"))


def encode_presence(presence: Presence) -> bytes:
    """Return the presence's canonical bytes."""
    return ENCODER.encode(_PresenceWire(1, presence.online, in_utc(presence.at, "at")))


def decode_receipt(payload: bytes) -> Receipt:
    """Return the receipt that the payload holds; its ranges must be in order below `contiguous`. Raises WireError."""
    wire = read(_RECEIPT, payload)
    above = 0
    for first, last in wire.missing:
        if not above < first <= last <= wire.contiguous:
            raise WireError("missing", f"has the range {first} to {last}, which is not in order below contiguous")
        above = last
    return Receipt(wire.epoch, wire.contiguous, wire.missing, in_utc(wire.at, "at"))


def encode_receipt(receipt: Receipt) -> bytes:
    """Return the receipt's canonical bytes."""
    at = in_utc(receipt.at, "at")
    return ENCODER.encode(_ReceiptWire(1, receipt.epoch, receipt.contiguous, receipt.missing, at))
