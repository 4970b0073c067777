"""How a value that somebody gave is repeated to them in a sentence: short, and safe to print anywhere."""

from __future__ import annotations

import json
import math

_LONGEST = 60
_WHOLE_BELOW = 10**15


def shown(value: object) -> str:
    """Repeat a JSON value in a few words: text in quotes and cut short, everything outside ASCII escaped.

    The answer is plain ASCII even for a lone surrogate, and short even for a huge number or a deep list, so that an
    error can always be written down and sent on.
    """
    match value:
        case None | bool():
            words = json.dumps(value)
        case str():
            words = json.dumps(value if len(value) <= _LONGEST else value[:_LONGEST] + "...")
        case int() | float():
            words = number_words(value)
        case list() | tuple():
            words = "a list"
        case dict():
            words = "an object"
        case _:
            words = f"a {type(value).__name__}"
    return words


def number_words(value: float) -> str:
    """Write a number as a person would: ``6`` for 6.0, every digit of 49.999, no thousand digits of a huge one."""
    if isinstance(value, int):
        if abs(value) >= _WHOLE_BELOW:
            return "10^15 or more" if value > 0 else "-10^15 or less"
        return str(value)
    if math.isnan(value):
        return "not a number"
    if math.isinf(value):
        return "a number too large to hold"
    return str(int(value)) if value.is_integer() and abs(value) < _WHOLE_BELOW else repr(value)


def name_shown(name: object) -> str:
    """Repeat the name of a field: as it stands when it is plain, otherwise as ``shown`` would."""
    if isinstance(name, str) and name.isascii() and name.isprintable() and 0 < len(name) <= _LONGEST:
        return name
    return shown(name)
