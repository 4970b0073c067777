"""ICCBBA identifiers (ISBT 128): parts one after another, each begun by two characters that say what it is.

Read are the parts of a device identifier: `=/` the product, `=,` the serial number, `=>` usable until, `=}` made on,
`&,1` the lot, and the donation number (`=` and a letter or figure), which is checked and left aside; and of a blood
container `=)` the product and `&)` the lot. Dates are written as century, year and day of the year.
"""

import re
from datetime import date
from typing import Final

from devices.udi import Issuer, Udi, UdiError, day_of_year

_PARTS: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("device", re.compile(r"=/([A-Z0-9]{16})")),
    ("device", re.compile(r"=\)([A-Z0-9]{10})")),
    ("serial", re.compile(r"=,([A-Z0-9]{6})")),
    ("expiry", re.compile(r"=>([0-9]{6})")),
    ("manufacture", re.compile(r"=\}([0-9]{6})")),
    ("lot", re.compile(r"&,1([A-Z0-9]{18})")),
    ("lot", re.compile(r"&\)([A-Z0-9]{10})")),
    ("donation", re.compile(r"=([A-Z0-9]{15})")),
)
_NAMES: Final = {"device": "product", "expiry": "date of expiry", "manufacture": "date of manufacture"}
_CENTURIES: Final = {"0": 2000, "9": 1900}


def parse_iccbba(code: str) -> Udi:
    """Return what the identifier says. Raises UdiError."""
    said: dict[str, str] = {}
    rest = code
    while rest:
        name, value, rest = _take(rest, at=len(code) - len(rest))
        if name in said:
            raise UdiError(f"The ICCBBA identifier gives its {_NAMES.get(name, name)} twice.")
        said[name] = value
    if "device" not in said:
        raise UdiError("The ICCBBA identifier does not name its product (=/).")
    return Udi(
        issuer=Issuer.ICCBBA,
        device_identifier=said["device"],
        serial=said.get("serial"),
        lot=said.get("lot"),
        manufactured_on=_date(said, "manufacture"),
        expires_on=_date(said, "expiry"),
    )


def _take(rest: str, at: int) -> tuple[str, str, str]:
    for name, pattern in _PARTS:
        found = pattern.match(rest)
        if found is not None:
            return name, found[1], rest[found.end() :]
    raise UdiError(f"The ICCBBA identifier cannot be read from character {at + 1} on: {rest[:12]!r}.")


def _date(said: dict[str, str], name: str) -> date | None:
    digits = said.get(name)
    if digits is None:
        return None
    century = _CENTURIES.get(digits[0])
    if century is None:
        raise UdiError(f"The date of {name} has no century {digits[0]}.")
    return day_of_year(century + int(digits[1:3]), int(digits[3:]), name)
