"""Serial numbers as makers print them: letters, digits, letters; and sets of them as recalls name them.

Numbers are compared as numbers, whatever their width; the letters before and after the digits must be the same. Case,
spaces, dots and dashes never tell two serials apart.
"""

import re
from dataclasses import dataclass
from typing import Final

LONGEST_DIGITS: Final = 64
_PARTS: Final = re.compile(r"\A(.*?)([0-9]*)([^0-9]*)\Z", re.DOTALL)
_SPACERS: Final = re.compile(r"[\s._-]+")


@dataclass(frozen=True, slots=True)
class SerialParts:
    """A serial taken apart at its last run of digits. ``digits`` is padded with zeros, so that texts sort as numbers.

    A serial without digits has none: ``digits`` is then empty and all of it is the prefix.
    """

    prefix: str
    digits: str
    suffix: str


def serial_key(serial: str) -> str:
    """The one form of all spellings of a serial: two serials with the same key are the same pump."""
    return serial.strip().lower()


def serial_parts(serial: str) -> SerialParts:
    """Take a serial apart. Letters come back in capitals, without spaces, dots and dashes."""
    bare = _SPACERS.sub("", serial).upper()
    match = _PARTS.match(bare)
    prefix, digits, suffix = match.groups() if match else (bare, "", "")
    if not digits:
        return SerialParts(bare, "", "")
    return SerialParts(prefix, digits.lstrip("0").zfill(LONGEST_DIGITS), suffix)


@dataclass(frozen=True, slots=True)
class SerialRange:
    """All serials with that prefix and suffix whose number lies from ``low`` to ``high``, both included.

    ``text`` is how the notice writes it.
    """

    prefix: str
    suffix: str
    low: str
    high: str
    text: str

    def covers(self, serial: str) -> bool:
        """Whether the serial is one of them."""
        parts = serial_parts(serial)
        same = (parts.prefix, parts.suffix) == (self.prefix, self.suffix)
        return same and self.low <= parts.digits <= self.high


class NoRange(ValueError):
    """Two serials that are no range; as text, a sentence that quotes both ends."""


def serial_range(first: str, last: str) -> SerialRange:
    """The range from one serial to another. Raises NoRange where their letters differ or the first is the higher."""
    low, high = serial_parts(first), serial_parts(last)
    text = first.strip() if first.strip() == last.strip() else f"{first.strip()} to {last.strip()}"
    if low.prefix != high.prefix:
        raise NoRange(f"{text}: the ends begin with different letters, {low.prefix!r} and {high.prefix!r}")
    if low.suffix != high.suffix:
        raise NoRange(f"{text}: the ends finish with different letters, {low.suffix!r} and {high.suffix!r}")
    if low.digits > high.digits:
        raise NoRange(f"{text}: the first serial is higher than the last")
    return SerialRange(low.prefix, low.suffix, low.digits, high.digits, text)


def open_range(first: str, last: str) -> SerialRange:
    """The range from a serial on (``last`` empty), or up to one (``first`` empty). Raises NoRange without digits."""
    bound = serial_parts(first or last)
    if not bound.digits:
        raise NoRange(f"{first or last}: without a number it is no end of a range")
    if first:
        return SerialRange(bound.prefix, bound.suffix, bound.digits, "9" * LONGEST_DIGITS, f"{first} and higher")
    return SerialRange(bound.prefix, bound.suffix, "0" * LONGEST_DIGITS, bound.digits, f"up to {last}")
