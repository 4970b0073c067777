"""Critical alarms that a refused message names: it can't be read, yet its words are not to be lost."""

from __future__ import annotations

import re
from typing import Final

from devices.alarms import ALARMS, AlarmClass

_CODES: Final = tuple(str(code) for code, alarm in ALARMS.items() if alarm.alarm_class is AlarmClass.CRITICAL)
CRITICAL: Final = frozenset(_CODES)
_STATES: Final = ("stalled", "stopped")
_WORDS: Final = re.compile(
    rb"(?<![a-z0-9_])(?:"
    + b"|".join(word.replace("_", "[_ -]?").encode() for word in (*_CODES, *_STATES))
    + rb")(?![a-z0-9_])",
    re.IGNORECASE,
)
_NAMES: Final = {word.replace("_", ""): word for word in (*_CODES, *_STATES)}


def named_alarms(payload: bytes) -> tuple[str, ...]:
    """The codes of critical alarms in the text, and ``stalled`` or ``stopped``; each once, sorted.

    It looks for the words alone, wherever they stand and in any spelling of case and joints: what can't be read can't
    be trusted to have its fields in place. One pass over at most what is kept of a payload.
    """
    text = payload.replace(b"\0", b"")  # text of two bytes a letter reads as text of one
    found = {re.sub(rb"[_ -]", b"", match.group().lower()).decode() for match in _WORDS.finditer(text)}
    return tuple(sorted(_NAMES[word] for word in found))
