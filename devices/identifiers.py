"""Unique device identifiers as scanned or typed: which device, which serial, which lot, made and usable until when.

Three agencies issue them. GS1 is read by biip; HIBC and ICCBBA by `devices.identifiers_hibc` and
`devices.identifiers_iccbba`. A damaged identifier is refused with what is wrong: a wrong digit is a wrong pump.
"""

import re
from datetime import date
from typing import Final

from biip import ParseError
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

from devices.identifiers_doubts import with_doubts
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
    return _parse_gs1(code)


def _parse_gs1(code: str) -> Udi:
    try:
        message = GS1Message.parse_hri(code) if code.startswith("(") else GS1Message.parse(code.lstrip("\x1d"))
    except ParseError:
        raise UdiError(
            "This is not a GS1 identifier: after the device identifier (01) and its 14 digits come parts such as "
            "(17) with the day of expiry and (21) with the serial."
        ) from None
    found: dict[str, GS1ElementString] = {}
    for element in message.element_strings:
        if element.ai.ai in found:
            raise UdiError(f"The GS1 identifier gives ({element.ai.ai}) twice.")
        found[element.ai.ai] = element
    device = found.get("01")
    if device is None:
        raise UdiError("The GS1 identifier has no device identifier (01).")
    if device.gtin is None:
        raise UdiError(f"The device identifier (01) is damaged: {device.gtin_error}")
    said = Udi(
        issuer=Issuer.GS1,
        device_identifier=device.value,
        serial=_value(found, "21"),
        lot=_value(found, "10"),
        manufactured_on=_date(found, "11", "made on"),
        expires_on=_date(found, "17", "usable until"),
    )
    return said if code.startswith("(") else with_doubts(said)


def _value(found: dict[str, GS1ElementString], key: str) -> str | None:
    return found[key].value if key in found else None


def _date(found: dict[str, GS1ElementString], key: str, name: str) -> date | None:
    """Return the date; day 00 stands for the end of the month."""
    if key not in found:
        return None
    if found[key].date is None:
        raise UdiError(f"The date ({key}), {name}, is no date: {found[key].value}.")
    return found[key].date
