"""Unique device identifiers as scanned or typed: which device, which serial, which lot, made and usable until when.

Three agencies issue them, each with a module beside this one. A damaged identifier is refused with what is wrong: a
wrong digit is a wrong pump.
"""

import re
from typing import Final

from devices.identifiers_hibc import parse_hibc
from devices.identifiers_iccbba import parse_iccbba
from devices.udi import Issuer, Udi, UdiError

__all__ = ["Issuer", "Udi", "UdiError", "parse_udi"]

_SYMBOLOGY: Final = re.compile(r"\A\][A-Za-z][0-9A-Za-z]")


def parse_udi(text: str) -> Udi:
    """Return what the identifier says. Raises UdiError, a sentence that says what is wrong with it.

    Taken are a scanner's characters, with or without its three-character symbology prefix, and the printed form, for
    GS1 with parentheses.
    """
    code = _SYMBOLOGY.sub("", text.strip(" \t\r\n"))
    if not code:
        raise UdiError("The identifier is empty.")
    if code[0] in "+*":
        return parse_hibc(code)
    if code[0] in "=&":
        return parse_iccbba(code)
    from devices.identifiers_gs1 import parse_gs1  # noqa: PLC0415 - biip takes 0.15 s to load, and most starts need none

    return parse_gs1(code)
