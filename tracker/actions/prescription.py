"""What a pump is set to give, as people enter it: checked, and carried into the pump's record by a visit."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from sqlmodel import Session

from devices.report import Infusion
from tracker.errors import Invalid, at_most
from tracker.records.pump import Pump
from tracker.records.visit import Visit, newest_prescribing

_LONGEST: Final = {"drug": 80, "concentration": 32, "unit": 16, "dose_per_day": 32}  # what a pump's record keeps
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
    kept = {part: given.get(part) for part in FIELDS}
    check_fits(kept, name)
    return kept


def check_fits(given: Mapping[str, Any], name: str) -> None:
    """Raise `Invalid` naming the part that is too long for a pump's record: a session may tell longer ones."""
    for part, kept in _LONGEST.items():
        at_most(kept, given.get(part) or "", f"{name}.{part}")


def of_pump(pump: Pump) -> dict[str, Any] | None:
    """What the record says is in the pump, with None for a part that is not known; None where nothing is."""
    known = {
        "drug": pump.drug,
        "concentration": pump.concentration,
        "unit": pump.concentration_unit,
        "dose_per_day": pump.dose_per_day,
    }
    return known | {"mode": None} if any(known.values()) else None


def is_complete(prescription: Mapping[str, Any] | None) -> bool:
    """Whether it says drug, concentration, unit and dose: a pump's record may know less."""
    return prescription is not None and None not in (prescription.get(part) for part in FIELDS[:4])


def carry_into(session: Session, pump: Pump, prescription: Mapping[str, Any]) -> None:
    """Make it the pump's own; a part that it does not say is not known from now on."""
    pump.drug = prescription.get("drug")
    pump.concentration = prescription.get("concentration")
    pump.concentration_unit = prescription.get("unit")
    pump.dose_per_day = prescription.get("dose_per_day")
    session.add(pump)


def set_by(session: Session, pump: Pump, newest: Visit | None) -> None:
    """Make the newest prescribing visit's prescription the pump's own."""
    if newest is not None and newest.prescription_after:
        carry_into(session, pump, newest.prescription_after)


def set_without(session: Session, pump: Pump, visit: Visit) -> None:
    """Take back the prescription of the visit that was the newest one and prescribes no longer.

    The newest one that counts gives its own; where there is none, the record says again what it said before that visit,
    be it that nothing was known.
    """
    newest = newest_prescribing(session, visit.pump_id)
    if newest is None:
        before = visit.prescription_before or {}
        fits = all(len(before.get(part) or "") <= kept for part, kept in _LONGEST.items())
        carry_into(session, pump, before if fits else {})  # a session may have told what the record can't keep
    set_by(session, pump, newest)


def _check_amount(given: Any, name: str) -> None:
    try:
        amount = Decimal(given) if isinstance(given, str) else None
    except InvalidOperation:
        amount = None
    if amount is None or not amount.is_finite() or amount < 0:
        raise Invalid(f"{given!r} is no amount: write a decimal number", field=name)
