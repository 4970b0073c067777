"""What a pump is set to give, as people enter it: checked, and carried into the pump's record by a visit.

Stored prescriptions are JSON objects in the form of `devices.prescription_json`. The record keeps the first drug in its
own columns; of a mixture it keeps all drugs in `drugs`, and their names as one text in `drug`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any, Final

from sqlmodel import Session

from devices.interval import Unknown
from devices.prescription import Prescription, flow_for, same_prescription
from devices.prescription_json import (
    FIELDS,
    PrescriptionFault,
    prescription_or_none,
    read_boluses,
    read_prescription,
    write_boluses,
    write_prescription,
)
from tracker.errors import Invalid, at_most
from tracker.records.pump import Pump
from tracker.records.visit import Visit, newest_prescribing

_LONGEST: Final = {"drug": 80, "concentration": 32, "unit": 16, "dose_per_day": 32}  # what a pump's record keeps

RECORD_FIELDS: Final = ("drug", "concentration", "concentration_unit", "dose_per_day", "drugs")
"""The columns of a pump's record that say what it is to give."""


def checked(given: Mapping[str, Any] | None, name: str) -> dict[str, Any] | None:
    """The prescription with its amounts as decimal strings. Raises `Invalid` naming the part at fault."""
    if given is None:
        return None
    try:
        kept = write_prescription(read_prescription(given))
    except PrescriptionFault as fault:
        raise Invalid(f"{fault.field} {fault.reason}", field=f"{name}.{fault.field}".lstrip(".")) from None
    check_fits(kept, name)
    return kept


def check_fits(given: Mapping[str, Any], name: str) -> None:
    """Raise `Invalid` naming the part that is too long for a pump's record: a session may tell longer ones."""
    several = given.get("drugs") or ()
    for prefix, drug in [(name, given), *((f"{name}.drugs[{place}]", drug) for place, drug in enumerate(several))]:
        for part, kept in _LONGEST.items():
            at_most(kept, drug.get(part) or "", f"{prefix}.{part}")
    at_most(_LONGEST["drug"], drug_text(given) or "", f"{name}.drugs" if several else f"{name}.drug")


def drug_text(given: Mapping[str, Any] | None) -> str | None:
    """The drug that a stored prescription names; of a mixture all of them, such as `morphine + clonidine`."""
    if given is None:
        return None
    several = given.get("drugs")
    if several:
        return " + ".join(str(drug.get("drug")) for drug in several)
    named = given.get("drug")
    return None if named is None else str(named)


def of_pump(pump: Pump) -> dict[str, Any] | None:
    """What the record says is in the pump, with None for a part that is not known; None where nothing is."""
    known: dict[str, Any] = {
        "drug": pump.drug,
        "concentration": pump.concentration,
        "unit": pump.concentration_unit,
        "dose_per_day": pump.dose_per_day,
    }
    if not any(known.values()):
        return None
    if pump.drugs:
        known = {"drugs": pump.drugs}
    told = {} if pump.boluses is None else {"boluses": pump.boluses}
    return known | {"mode": None} | told


_MOST_ML_PER_DAY = 1000


def recorded(pump: Pump) -> Prescription | None:
    """The record's prescription; None where a part of it is not known, or is no amount."""
    return prescription_or_none(of_pump(pump))


def recorded_flow(pump: Pump) -> float | None:
    """The flow that the record asks for, in mL a day; None where it does not say, or says what no pump can give."""
    return flow_of(pump, recorded(pump))


def flow_of(pump: Pump, known: Prescription | None) -> float | None:
    """The same, where the caller has read the record's prescription already."""
    try:
        if known is not None:
            flow = flow_for(known)
            return None if isinstance(flow, Unknown) else _possible(flow)
        # dose and concentration are in the same unit of mass, whichever it is
        dose, concentration = Decimal(pump.dose_per_day or ""), Decimal(pump.concentration or "")
        return _possible(dose / concentration)
    except ArithmeticError:
        return None


def _possible(flow: Decimal) -> float | None:
    """The flow as a number, unless it is none that a pump can give."""
    return float(flow) if flow.is_finite() and 0 <= flow <= _MOST_ML_PER_DAY else None


def is_complete(prescription: Mapping[str, Any] | None) -> bool:
    """Whether it says drug, concentration, unit and dose: a pump's record may know less."""
    if prescription is None:
        return False
    return bool(prescription.get("drugs")) or None not in (prescription.get(part) for part in FIELDS)


def nothing_changed(before: Mapping[str, Any] | None, after: Mapping[str, Any] | None) -> bool:
    """Whether both are whole and say the same drugs in the same quantities, however they are spelled."""
    one, other = prescription_or_none(before), prescription_or_none(after)
    return one is not None and other is not None and same_prescription(one, other)


def columns_of(given: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of a pump's record that a prescription fills; a part that it does not say is None."""
    several: Sequence[Mapping[str, Any]] = given.get("drugs") or ()
    first = several[0] if several else given
    return {
        "drug": drug_text(given),
        "concentration": first.get("concentration"),
        "concentration_unit": first.get("unit"),
        "dose_per_day": first.get("dose_per_day"),
        "drugs": [dict(drug) for drug in several] if len(several) > 1 else None,
    }


def record_changes(pump: Pump, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes of a record with its mixture and boluses as they are stored. Raises `Invalid` naming the field.

    `drugs` fill the columns of the first drug too; a change of one of those columns alone ends a recorded mixture.
    """
    wanted = dict(changes)
    if "boluses" in wanted:
        wanted["boluses"] = checked_boluses(wanted["boluses"])
    if wanted.get("drugs") is not None:
        single = {name: wanted.get(name) for name in ("drug", "concentration", "dose_per_day")}
        kept = checked({**single, "unit": wanted.get("concentration_unit"), "drugs": wanted["drugs"]}, "") or {}
        return wanted | columns_of(kept)
    if any(name in wanted and wanted[name] != getattr(pump, name) for name in RECORD_FIELDS):
        wanted["drugs"] = None
    return wanted


def carry_into(
    session: Session, pump: Pump, prescription: Mapping[str, Any], *, at: datetime | None, boluses: Any
) -> None:
    """Make it the pump's own from `at` on; a part that it does not say is not known from now on."""
    for name, value in columns_of(prescription).items():
        setattr(pump, name, value)
    pump.boluses = boluses
    pump.prescribed_at = at
    session.add(pump)


def set_by(session: Session, pump: Pump, newest: Visit | None) -> None:
    """Make the newest prescribing visit's prescription the pump's own."""
    if newest is not None and newest.prescription_after:
        boluses = _boluses_after(pump, newest, newest.prescription_after)
        carry_into(session, pump, newest.prescription_after, at=newest.performed_at, boluses=boluses)


def set_without(session: Session, pump: Pump, visit: Visit) -> None:
    """Take back the prescription of the visit that was the newest one and prescribes no longer.

    The newest one that counts gives its own; where there is none, the record says again what it said before that visit,
    be it that nothing was known.
    """
    newest = newest_prescribing(session, visit.pump_id)
    if newest is None:
        before = visit.prescription_before or {}
        try:
            check_fits(before, "prescription_before")
        except Invalid:  # a session may have told what the record can't keep
            before = {}
        carry_into(session, pump, before, at=None, boluses=before.get("boluses"))
    set_by(session, pump, newest)


def checked_boluses(given: Mapping[str, Any] | None) -> dict[str, Any] | None:
    """The allotted boluses as they are stored. Raises `Invalid` naming the part at fault."""
    if given is None:
        return None
    try:
        return write_boluses(read_boluses(given))
    except PrescriptionFault as fault:
        raise Invalid(f"{fault.field} {fault.reason}", field=fault.field) from None


def _boluses_after(pump: Pump, visit: Visit, after: Mapping[str, Any]) -> Any:
    """The boluses from that visit on.

    A prescription that does not speak of them leaves those on record: a refill date that still counts them comes too
    early rather than too late. A session that named them before and no longer does has taken them away, and so has
    another drug.
    """
    if after.get("boluses") is not None:
        return after["boluses"]
    before = visit.prescription_before or {}
    if visit.source == "session" and before.get("boluses") is not None:
        return None
    old, new = prescription_or_none(before), prescription_or_none(after)
    same_drug = old is None or new is None or old.drugs[0].names == new.drugs[0].names
    return pump.boluses if same_drug else None
