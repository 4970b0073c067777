"""Replace a pump by another: the old one out, the new one in, and the two linked."""

from __future__ import annotations

from datetime import date, datetime

from sqlmodel import Session

from devices.lifecycle import LifecycleState
from tracker.actions.pumps.move_pump import moved
from tracker.errors import Conflict
from tracker.records.column_types import key
from tracker.records.pump import Pump


def replace_pump(session: Session, old: Pump, new: Pump, *, on: date, reason: str = "", by: str, now: datetime) -> Pump:
    """Take the old pump out and implant the new one that day; the new one takes over patient and ward, never the drug.

    Raises `Conflict` unless both are the same clinic's, the new one is in stock (or was implanted that same day), and
    no other pump has that successor.
    """
    if old.id == new.id:
        raise Conflict("a pump can't take its own place")
    if old.clinic_id != new.clinic_id:
        raise Conflict(f"{new.serial} belongs to another clinic")
    if new.lifecycle != LifecycleState.IN_STOCK and new.implanted_on != on:
        raise Conflict(f"{new.serial} is {new.lifecycle}; a pump in stock is needed")
    if old.patient_reference and new.patient_reference not in {None, old.patient_reference}:
        raise Conflict(f"{new.serial} is recorded for another patient")
    moved(session, old, LifecycleState.REPLACED, on=on, reason=reason or f"replaced by {new.serial}", by=by, now=now)
    old.replaced_by_id = key(new.id)
    if new.lifecycle == LifecycleState.IN_STOCK:
        moved(session, new, LifecycleState.IMPLANTED, on=on, reason=f"replaces {old.serial}", by=by, now=now)
    new.patient_reference = new.patient_reference or old.patient_reference
    new.unit = new.unit or old.unit
    session.add_all([old, new])
    session.flush()
    return old
