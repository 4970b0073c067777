"""GS1 fields that may have run together: a scanner drops the separator after a serial or lot, and the next one follows.

A serial or lot has no fixed length, so what stands behind it reads as a part of it. Where the rest of a value is itself
a whole field, nothing is guessed: the field is left open, and whoever scanned it is asked.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from typing import Final

from devices.udi import Udi

_DATE_FIELD: Final = re.compile(r"(?=(11|17)(\d{2})(\d{2})(\d{2})((?:(?:10|21|11|17).+)?)\Z)")
LEAST_CHARACTERS: Final = 3
"""A serial or lot has at least so many; a shorter rest is taken for a part of the value. Assumed."""


def with_doubts(said: Udi) -> Udi:
    """Leave open the fields that may hold the next one, say so, and name the serials that can be meant."""
    doubts: list[str] = []
    serials: list[str] = []
    serial, lot = said.serial, said.lot
    if serial is not None:
        dated = _before_a_date(serial, said)
        split = [(first, rest) for first, rest in _splits(serial, "10")] if said.lot is None else []
        if dated is not None:
            doubts.append(_sentence("serial", serial, dated))
            serials, serial = [dated], None
        elif split:
            first, rest = split[0]
            doubts.append(f"The serial may be {serial}, or {first} with lot {rest}: compare it with the package.")
            serials = [serial, *(first for first, _ in split)]
    if lot is not None:
        dated = _before_a_date(lot, said)
        split = [(first, rest) for first, rest in _splits(lot, "21")] if said.serial is None else []
        if dated is not None:
            doubts.append(_sentence("lot", lot, dated))
            lot = None
        elif split:
            first, rest = split[0]
            doubts.append(
                f"The lot reads {lot}; it may be lot {first} with serial {rest}. Type serial and lot from the package."
            )
            serials, lot = [rest for _, rest in split], None
    return replace(said, serial=serial, lot=lot, doubts=tuple(doubts), serials=tuple(dict.fromkeys(serials)))


def _before_a_date(value: str, said: Udi) -> str | None:
    """What stands before a date of manufacture or expiry inside the value, where the barcode gives none elsewhere."""
    for match in _DATE_FIELD.finditer(value, 1):
        given = said.manufactured_on if match[1] == "11" else said.expires_on
        if given is None and _is_day(match[2], match[3], match[4]):
            return value[: match.start()]
    return None


def _is_day(year: str, month: str, day: str) -> bool:
    try:
        date(2000 + int(year), int(month), int(day) or 1)
    except ValueError:
        return False
    return True


def _splits(value: str, key: str) -> Iterator[tuple[str, str]]:
    """Every place at which another field may begin inside the value."""
    place = value.find(key, LEAST_CHARACTERS)
    while place >= 0:
        first, rest = value[:place], value[place + len(key) :]
        if len(rest) >= LEAST_CHARACTERS:
            yield first, rest
        place = value.find(key, place + 1)


def _sentence(name: str, value: str, first: str) -> str:
    return (
        f"The {name} reads {value}, which ends in a date: a separator is probably lost. "
        f"Type the {name} from the package; it may be {first}."
    )
