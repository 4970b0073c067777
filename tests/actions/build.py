"""Valid rows by default; a test overrides the one thing that it is about."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlmodel import Session, select

from tracker.actions.enrol_pump import enrol_pump
from tracker.records.columns import key
from tracker.records.pump import Clinic, Pump

NURSE = "rn@north.example"


def a_clinic(session: Session, now: datetime, name: str = "North", timezone: str = "UTC") -> Clinic:
    """The clinic of that name, made when it is not there yet."""
    found = session.exec(select(Clinic).where(Clinic.name == name)).first()
    if found is None:
        found = Clinic(name=name, timezone=timezone, created_at=now)
        session.add(found)
        session.flush()
    return found


def a_pump(
    session: Session, now: datetime, *, serial: str = "SN-1", model: str = "synchromed-ii-20", **details: Any
) -> Pump:
    """A pump as enrolled, with baclofen in it unless told otherwise."""
    clinic = a_clinic(session, now)
    details = {"lifecycle": "implanted", "drug": "baclofen"} | details
    return enrol_pump(
        session,
        clinic_id=key(clinic.id),
        serial=serial,
        model=model,
        bcrypt_hash="$2b$04$x",
        mosquitto_hash="$7$x",
        by=NURSE,
        now=now,
        **details,
    )
