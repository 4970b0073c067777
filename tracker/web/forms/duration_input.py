"""How often a report is expected, as people write it: ``90 s``, ``15 min``, ``4 h``; a bare number is hours."""

from __future__ import annotations

import re
from typing import Final

from tracker.errors import Invalid

_UNITS: Final = {"s": 1, "min": 60, "h": 3600, "d": 86_400}
_WRITTEN: Final = re.compile(r"([0-9]{1,9}(?:[.,][0-9]{1,6})?)\s*(s|min|h|d)?", re.ASCII)


def interval_text(seconds: int) -> str:
    """The interval in the largest unit that makes it a whole number: 86400 is ``24 h``, 90 is ``90 s``."""
    for unit in ("h", "min"):
        if seconds % _UNITS[unit] == 0:
            return f"{seconds // _UNITS[unit]} {unit}"
    return f"{seconds} s"


def interval_seconds(text: str) -> int:
    """The interval in whole seconds. Raises Invalid, for the field ``report_interval_s``."""
    written = _WRITTEN.fullmatch(text.strip())
    if written is None:
        raise Invalid("write a length of time such as 30 min or 4 h", field="report_interval_s")
    return round(float(written[1].replace(",", ".")) * _UNITS[written[2] or "h"])
