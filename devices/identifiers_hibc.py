"""HIBC identifiers: `+`, labeller, product, unit of measure; after slashes lot, serial and dates; a check character.

The check character is the sum of all characters before it, modulo 43, over the 43 characters that HIBC knows. In the
date field the first figure says how the date is written; an eight or a nine announces a quantity that comes first.
"""

import re
from calendar import monthrange
from collections.abc import Callable
from datetime import date
from typing import Final

from devices.udi import Issuer, Udi, UdiError, calendar_day, day_of_year

_ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"
_PRIMARY = re.compile(r"\+([A-Z][A-Z0-9]{3}[A-Z0-9]{1,18}[0-9])")
_EXPIRY: Final = "expiry"
_CENTURY: Final = 2000


def check_character(text: str) -> str:
    """Return the check character of the text. Raises UdiError for a character that HIBC does not know."""
    total = 0
    for letter in text:
        value = _ALPHABET.find(letter)
        if value < 0:
            raise UdiError(f"The HIBC identifier holds a character it cannot have: {letter!r}.")
        total += value
    return _ALPHABET[total % 43]


def parse_hibc(code: str) -> Udi:
    """Return what the identifier says; asterisks around it are taken off. Raises UdiError."""
    code = code.removeprefix("*").removesuffix("*")
    if len(code) < 8:
        raise UdiError("The HIBC identifier is too short.")
    body, given = code[:-1], code[-1].replace("_", " ")
    wanted = check_character(body)
    if given != wanted:
        raise UdiError(f"The HIBC identifier is damaged: its check character is {given!r}, but {wanted!r} is right.")
    primary, *fields = body.split("/")
    found = _PRIMARY.fullmatch(primary)
    if found is None:
        raise UdiError("The HIBC identifier does not begin with +, labeller, product and unit of measure.")
    said: dict[str, str | date] = {}
    for place, field in enumerate(fields):
        for name, value in (_read_main(field) if place == 0 else _read_supplement(field)).items():
            if said.setdefault(name, value) != value:
                raise UdiError(f"The HIBC identifier gives two different values for {name}.")
    return Udi(
        issuer=Issuer.HIBCC,
        device_identifier=found[1],
        serial=_text(said.get("serial")),
        lot=_text(said.get("lot")),
        manufactured_on=_day(said.get("manufacture")),
        expires_on=_day(said.get(_EXPIRY)),
    )


def _text(value: str | date | None) -> str | None:
    return value if isinstance(value, str) else None


def _day(value: str | date | None) -> date | None:
    return value if isinstance(value, date) else None


def _read_main(field: str) -> dict[str, str | date]:
    """Read the first field after the product: `$` lot, `$+` serial, `$$` or `$$+` with an expiry date before it."""
    if not field.startswith("$"):
        return _read_supplement(field)
    dated = field.startswith("$$")
    rest = field[2:] if dated else field[1:]
    name = "serial" if rest.startswith("+") else "lot"
    rest = rest.removeprefix("+")
    said: dict[str, str | date] = {}
    if dated:
        expiry, rest = _take_expiry(_skip_quantity(rest))
        if expiry is not None:
            said[_EXPIRY] = expiry
    if rest:
        said[name] = _identifier(rest, name)
    return said


def _read_supplement(field: str) -> dict[str, str | date]:
    if field.startswith("S"):
        return {"serial": _identifier(field[1:], "serial")}
    for flag, name in (("16D", "manufacture"), ("14D", _EXPIRY)):
        if field.startswith(flag):
            digits = field[3:]
            if not re.fullmatch(r"[0-9]{8}", digits):
                raise UdiError(f"The HIBC date of {name} is not written as eight figures.")
            return {name: calendar_day(int(digits[:4]), int(digits[4:6]), int(digits[6:]), name)}
    if field.startswith("Q"):
        return {}
    if re.fullmatch(r"[0-9]{5}.*", field):
        said: dict[str, str | date] = {_EXPIRY: _julian(field[:5])}
        if field[5:]:
            said["lot"] = _identifier(field[5:], "lot")
        return said
    raise UdiError(f"The HIBC identifier has a part that is not known: {field!r}.")


def _identifier(text: str, name: str) -> str:
    if not re.fullmatch(r"[A-Z0-9.\-]{1,18}", text):
        raise UdiError(f"The HIBC {name} is not 1 to 18 letters and figures: {text!r}.")
    return text


def _skip_quantity(rest: str) -> str:
    for flag, digits in (("8", 2), ("9", 5)):
        if rest.startswith(flag):
            if not re.fullmatch(rf"[0-9]{{{digits}}}", rest[1 : 1 + digits]):
                raise UdiError("The HIBC quantity is not written in figures.")
            return rest[1 + digits :]
    return rest


def _year(digits: str) -> int:
    return _CENTURY + int(digits)


def _month_end(digits: str) -> date:
    month, year = int(digits[:2]), _year(digits[2:])
    if not 1 <= month <= 12:
        raise UdiError(f"The date of {_EXPIRY} has no month {month}.")
    return date(year, month, monthrange(year, month)[1])


def _julian(digits: str) -> date:
    return day_of_year(_year(digits[:2]), int(digits[2:5]), _EXPIRY)


_DATES: Final[dict[str, tuple[int, Callable[[str], date]]]] = {
    "2": (6, lambda digits: calendar_day(_year(digits[4:]), int(digits[:2]), int(digits[2:4]), _EXPIRY)),
    "3": (6, lambda digits: calendar_day(_year(digits[:2]), int(digits[2:4]), int(digits[4:6]), _EXPIRY)),
    "4": (8, lambda digits: calendar_day(_year(digits[:2]), int(digits[2:4]), int(digits[4:6]), _EXPIRY)),
    "5": (5, _julian),
    "6": (7, _julian),
}
"""By the figure that announces it: how many figures follow, and how they are read; hours are left aside."""


def _take_expiry(rest: str) -> tuple[date | None, str]:
    """Return the expiry date at the head of the text and what follows it."""
    if not rest or rest[0] == "7":
        return None, rest[1:]
    length, read = _DATES.get(rest[0], (4, _month_end))
    start = 1 if rest[0] in _DATES else 0
    digits = rest[start : start + length]
    if not re.fullmatch(rf"[0-9]{{{length}}}", digits):
        raise UdiError("The HIBC date of expiry is not written in figures.")
    return read(digits), rest[start + length :]
