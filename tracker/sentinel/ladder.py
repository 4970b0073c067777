"""What the tracker hands over: what must be said when, unless it is renewed. Read strictly, within bounds."""

from __future__ import annotations

import math
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

MOST_BYTES: Final = 4 * 1024 * 1024
MOST_STEPS: Final = 2000
MOST_TARGETS: Final = 200
LONGEST_TEXT: Final = 20_000
_KINDS: Final = ("email", "webhook")
_LATEST_SEQUENCE: Final = 2**53


class LadderFault(ValueError):
    """The document is not a ladder; the text names the place and never its content."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where something is said: ``email`` and an address, or ``webhook`` and a URL with the secret that signs."""

    kind: str
    address: str
    secret: str = ""


@dataclass(frozen=True, slots=True)
class Step:
    """What is said so many seconds after the renewal, unless it was renewed away. ``data``: for webhooks."""

    id: str
    due_in_s: float
    to: tuple[Target, ...]
    subject: str
    text: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Silent:
    """Who hears that the tracker was silent for so many seconds."""

    after_s: float
    to: tuple[Target, ...]
    subject: str
    text: str


@dataclass(frozen=True, slots=True)
class Ladder:
    """One renewal. ``sequence`` rises with each."""

    tracker: str
    sequence: int
    steps: tuple[Step, ...]
    silent: Silent


def parse(document: object, sent_at: float) -> Ladder:
    """The ladder in a document that was sent at that Unix time by the tracker's clock. Raises ``LadderFault``.

    Due times become spans from the sending on, so that the clocks of the two machines may differ.
    """
    top = _object(document, "the document", {"tracker", "sequence", "steps", "silent"})
    sequence = top["sequence"]
    if not isinstance(sequence, int) or isinstance(sequence, bool) or not 0 < sequence < _LATEST_SEQUENCE:
        raise LadderFault("sequence must be a whole number above 0")
    steps = _list(top["steps"], "steps", MOST_STEPS)
    read = tuple(_step(one, f"steps[{index}]", sent_at) for index, one in enumerate(steps))
    if len({one.id for one in read}) != len(read):
        raise LadderFault("two steps have the same id")
    silent = _object(top["silent"], "silent", {"after_s", "to", "subject", "text"})
    after_s = silent["after_s"]
    if not _is_number(after_s) or not 1 <= after_s <= 86_400:
        raise LadderFault("silent.after_s must be 1 to 86400 seconds")
    return Ladder(
        _text(top["tracker"], "tracker", 300),
        sequence,
        read,
        Silent(
            float(after_s),
            _targets(silent["to"], "silent.to"),
            _line(silent["subject"], "silent.subject"),
            _text(silent["text"], "silent.text", LONGEST_TEXT),
        ),
    )


def _step(given: object, where: str, sent_at: float) -> Step:
    step = _object(given, where, {"id", "due_at", "to", "subject", "text"}, {"data"})
    try:
        due_at = datetime.fromisoformat(_text(step["due_at"], f"{where}.due_at", 40))
    except ValueError:
        raise LadderFault(f"{where}.due_at must be a time as 2026-12-01T08:00:00Z") from None
    if due_at.tzinfo is None:
        raise LadderFault(f"{where}.due_at needs an offset")
    data = step.get("data", {})
    if not isinstance(data, dict):
        raise LadderFault(f"{where}.data must be an object")
    return Step(
        _text(step["id"], f"{where}.id", 200),
        due_at.timestamp() - sent_at,
        _targets(step["to"], f"{where}.to"),
        _line(step["subject"], f"{where}.subject"),
        _text(step["text"], f"{where}.text", LONGEST_TEXT),
        data,
    )


def _targets(given: object, where: str) -> tuple[Target, ...]:
    found = []
    for index, one in enumerate(_list(given, where, MOST_TARGETS)):
        place = f"{where}[{index}]"
        target = _object(one, place, {"kind", "target"}, {"secret"})
        if target["kind"] not in _KINDS:
            raise LadderFault(f"{place}.kind must be email or webhook")
        address = _text(target["target"], f"{place}.target", 1000)
        if any(not letter.isprintable() or letter.isspace() for letter in address):
            raise LadderFault(f"{place}.target holds a character that no address has")
        secret = target.get("secret") or ""
        found.append(Target(target["kind"], address, _text(secret, f"{place}.secret", 500) if secret else ""))
    return tuple(dict.fromkeys(found))


def _object(given: object, where: str, needed: set[str], may: AbstractSet[str] = frozenset()) -> dict[str, Any]:
    if not isinstance(given, dict):
        raise LadderFault(f"{where} must be an object")
    missing, unknown = needed - given.keys(), given.keys() - needed - may
    if missing or unknown:
        said = f"lacks {min(missing)}" if missing else "has a field that no ladder has"
        raise LadderFault(f"{where} {said}")
    return given


def _list(given: object, where: str, most: int) -> list[Any]:
    if not isinstance(given, list):
        raise LadderFault(f"{where} must be a list")
    if len(given) > most:
        raise LadderFault(f"{where} holds more than {most}")
    return given


def _text(given: object, where: str, most: int) -> str:
    if not isinstance(given, str) or not given or len(given) > most:
        raise LadderFault(f"{where} must be a text of 1 to {most} characters")
    return given


def _line(given: object, where: str) -> str:
    text = _text(given, where, 1000)
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split())[:200] or "Pump tracker"


def _is_number(given: object) -> bool:
    return isinstance(given, int | float) and not isinstance(given, bool) and math.isfinite(given)
