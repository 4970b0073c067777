"""Change what people keep of a pump: who it is, what is in it, where it belongs, its limits, how often it reports."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final

from sqlmodel import Session

from devices.models import catalogue
from tracker.actions.pumps.check_udi import check_udi
from tracker.actions.pumps.enrol_pump import check_details
from tracker.actions.visits import prescription
from tracker.actions.visits.visit_codes import today_in
from tracker.errors import Invalid
from tracker.findings.reading_points import micros
from tracker.records.column_types import key
from tracker.records.pump import Pump, look_again

CHANGEABLE: Final = (
    "udi",
    "device_identifier",
    "lot",
    "manufactured_on",
    "expires_on",
    "patient_reference",
    "unit",
    "implanted_on",
    "drug",
    "concentration",
    "concentration_unit",
    "dose_per_day",
    "drugs",
    "boluses",
    "low_reservoir_ml",
    "refill_cap_days",
    "report_interval_s",
)
_TOGETHER: Final = (("concentration", "concentration_unit"), ("manufactured_on", "expires_on"))
"""Fields that are checked against each other: a change of one is held against what the record says of the other."""
_MARKS_KEPT: Final = 20


def change_record(session: Session, pump: Pump, changes: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """Change the named fields and have the pump looked at again. Returns what each was before.

    Raises ``Invalid`` naming the field: what an enrolment refuses is refused here too. None empties a field, save the
    reporting interval, which must be known.
    """
    for name in changes:
        if name not in CHANGEABLE:
            raise Invalid(f"{name} is not changed here", field=name)
    if "report_interval_s" in changes and changes["report_interval_s"] is None:
        raise Invalid("say how often a report is expected", field="report_interval_s")
    changes = prescription.record_changes(pump, changes)
    different = {name: value for name, value in changes.items() if getattr(pump, name) != value}
    today = today_in(session, pump.clinic_id, now)
    beside = _beside(pump, {name: value for name, value in different.items() if name != "drugs"})
    check_details(beside, catalogue.find(pump.model), today)
    _check_implant(pump, different)
    if different.get("udi"):
        check_udi(pump.serial, different["udi"])
    before = {name: getattr(pump, name) for name in different}
    for name, value in different.items():
        setattr(pump, name, value)
    if any(name in before for name in prescription.RECORD_FIELDS):
        pump.prescribed_at = now  # a report from before proves nothing about it
    if "low_reservoir_ml" in before:
        pump.low_marks = [*(pump.low_marks or []), [micros(now), before["low_reservoir_ml"]]][-_MARKS_KEPT:]
    session.add(pump)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return before


def _beside(pump: Pump, changes: Mapping[str, Any]) -> dict[str, Any]:
    """The changes, each beside the fields that it must agree with."""
    partners = {
        name: getattr(pump, name) for group in _TOGETHER if any(one in changes for one in group) for name in group
    }
    return partners | dict(changes)


def _check_implant(pump: Pump, changes: Mapping[str, Any]) -> None:
    implanted = changes.get("implanted_on")
    if implanted is not None and pump.explanted_on is not None and implanted > pump.explanted_on:
        raise Invalid(f"the pump was taken out on {pump.explanted_on}, before that", field="implanted_on")
