"""What a pump is set to give, as people enter it: checked, and carried into the pump's record by a visit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any

from sqlmodel import Session

from devices.report import Infusion
from tracker.errors import Invalid
from tracker.records.pump import Pump
from tracker.records.visit import Visit

FIELDS = ("drug", "concentration", "unit", "dose_per_day", "mode")


def checked(given: Mapping[str, Any] | None, name: str) -> dict[str, Any] | None:
    """The prescription with its amounts as decimal strings. Raises `Invalid` naming the part at fault."""
    if given is None:
        return None
    unknown = sorted(set(given) - set(FIELDS))
    if unknown:
        raise Invalid(f"{unknown[0]} is no part of a prescription", field=f"{name}.{unknown[0]}")
    for part in ("drug", "unit"):
        if not isinstance(given.get(part), str) or not given[part].strip():
            raise Invalid(f"a prescription needs its {part}", field=f"{name}.{part}")
    for part in ("concentration", "dose_per_day"):
        _check_amount(given.get(part), f"{name}.{part}")
    mode = given.get("mode")
    if mode is not None and mode not in set(Infusion):
        raise Invalid(f"{mode!r} is no way of infusing", field=f"{name}.mode")
    return {part: given.get(part) for part in FIELDS}


def of_pump(pump: Pump) -> dict[str, Any] | None:
    """What the record says is in the pump; None where that is not fully known."""
    if None in (pump.drug, pump.concentration, pump.concentration_unit, pump.dose_per_day):
        return None
    return {
        "drug": pump.drug,
        "concentration": pump.concentration,
        "unit": pump.concentration_unit,
        "dose_per_day": pump.dose_per_day,
        "mode": None,
    }


def carry_into(session: Session, pump: Pump, prescription: Mapping[str, Any]) -> None:
    """Make it the pump's own."""
    pump.drug = prescription["drug"]
    pump.concentration = prescription["concentration"]
    pump.concentration_unit = prescription["unit"]
    pump.dose_per_day = prescription["dose_per_day"]
    session.add(pump)


def set_by(session: Session, pump: Pump, newest: Visit | None) -> None:
    """Make the newest prescribing visit's prescription the pump's own."""
    if newest is not None and newest.prescription_after:
        carry_into(session, pump, newest.prescription_after)


def _check_amount(given: Any, name: str) -> None:
    try:
        amount = Decimal(given) if isinstance(given, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise Invalid(f"{given!r} is no amount: write a decimal number", field=name)
