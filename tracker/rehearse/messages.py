"""What a communicator would send: messages completed and numbered, as bytes."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any, Final, TypeGuard

from devices import topics
from devices.alarms import AlarmCode
from devices.models import catalogue
from tracker.ingest.inbound_message import KEPT_PAYLOAD_BYTES, Arrival
from tracker.rehearse.scenario import Send

_BATTERY: Final = {"remaining_percent": 80, "voltage_v": 2.9, "indicator": "ok"}
_SESSION: Final = timedelta(minutes=15)


class Communicators:
    """Every pump's communicator: it numbers what it sends."""

    def __init__(self) -> None:
        self._epochs: dict[str, int] = {}
        self._highest: dict[tuple[str, int], int] = {}

    def message(self, send: Send, given: dict[str, Any], model: str | None, measured: datetime, at: str) -> Arrival:
        """The message as it arrives. ``given`` are the case's fields, ``at`` is ``measured`` as the wire writes it."""
        whole = _presence(at) if send.kind == "presence" else {"v": 1, "model": model, **self._number(send, given)}
        if send.kind == "telemetry":
            whole |= _report(model, at)
        elif send.kind == "session":
            whole |= _session(at, measured)
        whole = {name: value for name, value in (whole | given).items() if value is not None}
        self.note(send.serial, whole)
        topic = f"pumps/{send.serial}/{topics.Kind(send.kind).value}"
        return arrival(topic, encode(whole), send.retained)

    def note(self, serial: str, message: Any) -> None:
        """Go on from the numbers of a message that was sent."""
        epoch, seq = (message.get("epoch"), message.get("seq")) if isinstance(message, dict) else (None, None)
        if not _is_number(epoch):
            return
        self._epochs[serial.lower()] = epoch
        if _is_number(seq):
            place = serial.lower(), epoch
            self._highest[place] = max(seq, self._highest.get(place, 0))

    def _number(self, send: Send, given: dict[str, Any]) -> dict[str, Any]:
        epoch = given.get("epoch")
        if not _is_number(epoch):
            epoch = self._epochs.get(send.serial.lower(), 1)
        return {"epoch": epoch, "seq": self._highest.get((send.serial.lower(), epoch), 0) + 1}


def encode(message: Any) -> bytes:
    """A message as JSON."""
    return json.dumps(message, ensure_ascii=False).encode(errors="surrogatepass")


def arrival(topic: str, payload: bytes, retained: bool) -> Arrival:
    """A message as ingest's subscriber hands it on: of a very large one only the beginning."""
    size = len(payload) if len(payload) > KEPT_PAYLOAD_BYTES else 0
    return Arrival(topic.encode(), payload[:KEPT_PAYLOAD_BYTES], retained=retained, size=size)


def numbered(topic: str, payload: bytes) -> tuple[str, Any] | None:
    """Whose message with which content a payload is; None where it is none that carries a number."""
    named = topics.parse(topic)
    if named is None or named[1] not in {topics.Kind.TELEMETRY, topics.Kind.SESSION}:
        return None
    try:
        return named[0], json.loads(payload)
    except (ValueError, RecursionError):
        return None


def _report(model: str | None, at: str) -> dict[str, Any]:
    known = catalogue.find(model) if model else None
    has_motor = known is None or AlarmCode.MOTOR_STALL in known.alarms
    return {
        "measured_at": at,
        "battery": _BATTERY if known is None or known.battery is not None else None,
        "reservoir_ml": 10,
        "flow_ml_per_day": 0.3,
        "infusion": "simple_continuous",
        "motor": "running" if has_motor else "none",
        "alarms": [],
    }


def _session(at: str, measured: datetime) -> dict[str, Any]:
    began = (measured - _SESSION).isoformat().replace("+00:00", "Z")
    return {
        "measured_at": at,
        "started_at": began,
        "completed": True,
        "programmer": "A810-00231",
        "operator": "rn.alvarez",
        "analysed": True,
        "reprogrammed": False,
        "refilled": False,
    }


def _presence(at: str) -> dict[str, Any]:
    return {"v": 1, "online": True, "at": at}


def _is_number(value: Any) -> TypeGuard[int]:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 1
