"""Codes as billing systems write them: with modifiers, qualifiers, units, spaces, or as a spreadsheet makes numbers.

``95990-59``, ``95990 59``, ``95990:59``, ``HC:95990:59``, ``95990.59``, ``95990XU``, ``95990 x1``, ``95,990`` and the
like all name the code 95990.
"""

from __future__ import annotations

import re
from typing import Final
from unicodedata import normalize

_CODE: Final = re.compile(r"(?<!\d)\d{5}(?!\d)")
_THOUSANDS: Final = re.compile(r"(?<![\d.,])(\d{2})[.,'\s](\d{3})(?![\d])")


def numbers_in(text: str) -> tuple[str, ...]:
    """Every number of five digits that the text names as a code, in order; empty where there is none.

    Digits of any width or script count; five digits within a longer number do not.
    """
    plain = normalize("NFKC", text)
    found = _CODE.findall(plain) or ["".join(parts) for parts in _THOUSANDS.findall(plain)]
    return tuple("".join(str(int(digit)) for digit in one) for one in found)
