"""Critical alarms that a refused message names: it can't be read, yet its words are not to be lost."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Final

from devices.alarms import ALARMS, AlarmClass

_CODES: Final = tuple(str(code) for code, alarm in ALARMS.items() if alarm.alarm_class is AlarmClass.CRITICAL)
CRITICAL: Final = frozenset(_CODES)
_STATES: Final = ("stalled", "stopped")
_JOINTS: Final = b"_ -"
_LOWER: Final = bytes(range(256)).lower()
_IN_WORDS: Final = frozenset(b"abcdefghijklmnopqrstuvwxyz0123456789_")


def _spelled(word: str) -> re.Pattern[bytes]:
    """How a word may be spelled, where it does not begin a longer one.

    No condition comes before it, so that the search leaps to its first letters.
    """
    ends = rb"(?![a-z0-9_])"
    longer = [each.removeprefix(word) for each in (*_CODES, *_STATES) if each.startswith(f"{word}_")]
    not_longer = b"".join(b"(?!" + _joined(rest) + ends + b")" for rest in longer)
    return re.compile(_joined(word) + ends + not_longer)


def _joined(word: str) -> bytes:
    return word.replace("_", "[_ -]?").encode()


def _rarest(word: str) -> bytes:
    """The letter of the word that other texts hold least often: one letter is found many times faster than a word."""
    return min(word.replace("_", ""), key=_RARE_FIRST.index).encode()


_RARE_FIRST: Final = "4890vkbpygfwmucldrhsnioate"
_SPELLED: Final = {
    word: (_rarest(word), word.replace("_", "").encode(), _spelled(word)) for word in (*_CODES, *_STATES)
}
"""Of each word its rarest letter, the word without its joints, and how it may be spelled."""


def named_alarms(payload: bytes, but: Collection[str] = ()) -> tuple[str, ...]:
    """The codes of critical alarms in the text, and ``stalled`` or ``stopped``; each once, sorted; none of ``but``.

    It looks for the words alone, in any place and in any spelling of case and joints: what can't be read can't
    be trusted to have its fields in place. A flood of such messages costs little: few hold the letters of a word at
    all, and those that are known already are not looked for again.
    """
    letters = payload.translate(_LOWER, b"\0" + _JOINTS)  # text of two bytes a letter reads as text of one
    maybe = [
        word
        for word, (letter, joined, _) in _SPELLED.items()
        if letter in letters and word not in but and joined in letters
    ]
    if not maybe:
        return ()
    text = payload.translate(_LOWER, b"\0")
    return tuple(sorted(word for word in maybe if _names(text, _SPELLED[word][2])))


def _names(text: bytes, spelled: re.Pattern[bytes]) -> bool:
    """Whether the word is in the text, not as a part of another one."""
    return any(not (at := each.start()) or text[at - 1] not in _IN_WORDS for each in spelled.finditer(text))
