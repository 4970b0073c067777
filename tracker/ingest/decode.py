"""Decode one message, or say why it can't be read. It knows no database and raises nothing.

In two steps, because a message must be read before it is known which pumps a batch speaks of: ``decode_all`` reads the
bytes and groups the messages by pump, ``refusal`` checks one message against the pump's model.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Final

import msgspec

from devices import wire
from devices.check import check_session, check_status, check_time
from devices.models.catalogue import CATALOGUE
from devices.report import Presence, ProgrammerSession, StatusReport
from devices.topics import is_serial
from devices.wire import WireError
from tracker.broker.partitions import parse_topic
from tracker.ingest.inbound_message import Arrival

Numbered = StatusReport | ProgrammerSession
Number = tuple[int, int]
"""(epoch, seq)."""


@dataclass(slots=True)
class Refused:
    """A message that can't be taken: what is wrong with which field, and its number where that could be read."""

    arrival: Arrival
    field: str
    reason: str
    number: Number | None = None


@dataclass(slots=True)
class PumpMessages:
    """What a batch brings from one pump, each kind in the order it came."""

    numbered: list[tuple[Numbered, Arrival]] = field(default_factory=list)
    presence: list[tuple[Presence, Arrival]] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    sessions: int = 0
    """How many of the numbered are programmer sessions."""


class _JustNumber(msgspec.Struct):
    epoch: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]
    seq: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)]


_NUMBER: Final = msgspec.json.Decoder(_JustNumber)
_MAY_NAME_SEQ: Final = (b"seq", b"\0", b"\\u")
"""Without any of these a text holds no key ``seq``: as it is, in two bytes a letter, or with its letters escaped."""
_BEFORE_AN_OBJECT: Final = b" \t\r\n\0\xef\xbb\xbf\xfe\xff"
"""What may come before an object's bracket: blanks, byte order marks, the first byte of a letter of two or four."""
_TOPICS: dict[bytes, tuple[str, str] | None] = {}
_TOPICS_KEPT: Final = 50_000


def decode_all(arrivals: Iterable[Arrival]) -> tuple[dict[str, PumpMessages], list[Refused]]:
    """Read every message: those of each serial, and those of topics that are none of ours."""
    by_serial: dict[str, PumpMessages] = {}
    unknown_topics: list[Refused] = []
    decode_status = wire.decode_status
    for arrival in arrivals:
        topic = arrival.topic
        try:
            named = _TOPICS[topic]
        except KeyError:
            named = read_topic(topic)
        if named is None:
            unknown_topics.append(Refused(arrival, "topic", "topic is not pumps/SERIAL/telemetry, session or presence"))
            continue
        serial, kind = named
        messages = by_serial.get(serial)
        if messages is None:
            messages = by_serial[serial] = PumpMessages()
        try:
            if arrival.size:
                _refuse_size(arrival.size)
            if kind == "telemetry":
                messages.numbered.append((decode_status(arrival.payload), arrival))
            elif kind == "session":
                messages.numbered.append((wire.decode_session(arrival.payload), arrival))
                messages.sessions += 1
            elif arrival.payload or not arrival.retained:
                messages.presence.append((wire.decode_presence(arrival.payload), arrival))
        except WireError as fault:
            messages.refused.append(Refused(arrival, fault.field, str(fault), _number(arrival, kind)))
    return by_serial, unknown_topics


def refusal(message: Numbered, model: str, received_at: datetime) -> WireError | None:
    """Why a pump enrolled as that model can't have sent the message; None when all is well."""
    if message.model != model:
        return WireError("model", f"is {message.model}, but the pump is enrolled as {model}")
    known = CATALOGUE.get(model)
    if known is None:
        return WireError("model", f"{model} is not in the catalogue")
    try:
        if isinstance(message, StatusReport):
            check_status(message, known, received_at)
        else:
            check_session(message, known, received_at)
    except WireError as fault:
        return fault
    return None


def presence_refusal(presence: Presence, received_at: datetime) -> WireError | None:
    """Why a presence can't be believed; None when all is well."""
    try:
        check_time("at", presence.at, received_at)
    except WireError as fault:
        return fault
    return None


def epochs_of(messages: PumpMessages) -> set[int]:
    """The epochs of a pump's messages."""
    return {message.epoch for message, _ in messages.numbered} | {
        one.number[0] for one in messages.refused if one.number
    }


def refuse_all(arrivals: Iterable[Arrival], reason: str) -> tuple[dict[str, PumpMessages], list[Refused]]:
    """Group the messages like ``decode_all``, every one refused for that reason."""
    by_serial: dict[str, PumpMessages] = {}
    unknown_topics: list[Refused] = []
    for arrival in arrivals:
        named = read_topic(arrival.topic)
        if named is None:
            unknown_topics.append(Refused(arrival, "topic", reason))
            continue
        serial, kind = named
        refused = Refused(arrival, "payload", reason, _number(arrival, kind))
        by_serial.setdefault(serial, PumpMessages()).refused.append(refused)
    return by_serial, unknown_topics


def read_topic(topic: bytes) -> tuple[str, str] | None:
    """Whose message of which kind arrived on this topic, mapped by a broker or not; None for any other topic."""
    if topic in _TOPICS:
        return _TOPICS[topic]
    if len(_TOPICS) >= _TOPICS_KEPT:
        _TOPICS.clear()
    try:
        named = parse_topic(topic.decode())
    except UnicodeDecodeError:
        named = None
    if named is not None and not is_serial(named.serial):
        named = None
    _TOPICS[topic] = named
    return named


def _refuse_size(size: int) -> None:
    raise WireError("payload", f"is {size} bytes long; more than {wire.MAX_PAYLOAD_BYTES} are refused")


def _number(arrival: Arrival, kind: str) -> Number | None:
    """The number of a message that can't be read otherwise, where at least that is whole.

    Much that is no JSON is none for a NaN, a byte order mark or half a surrogate pair alone: the number of such a
    message is as sure as any, and without it a communicator would send the message again for ever.
    """
    if kind == "presence" or arrival.size or arrival.payload.lstrip(_BEFORE_AN_OBJECT)[:1] != b"{":
        return None
    try:
        number = _NUMBER.decode(arrival.payload)
    except msgspec.ValidationError:
        return None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        if not any(part in arrival.payload for part in _MAY_NAME_SEQ):
            return None
        try:
            number = msgspec.convert(json.loads(arrival.payload), _JustNumber)
        except (ValueError, RecursionError):  # a validation error is a value error too
            return None
    return number.epoch, number.seq
