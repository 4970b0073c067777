"""GS1's identifiers, which biip reads."""

from datetime import date

from biip import ParseError
from biip.gs1_element_strings import GS1ElementString
from biip.gs1_messages import GS1Message

from devices.identifiers_doubts import with_doubts
from devices.udi import Issuer, Udi, UdiError


def parse_gs1(code: str) -> Udi:
    """Return what the identifier says, with or without parentheses. Raises UdiError where it is none or damaged."""
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
