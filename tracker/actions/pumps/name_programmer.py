"""Name the clinic's own programmers; a session by any other one is then a finding."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session, select

from tracker.errors import Conflict, Invalid, NotFound
from tracker.records.column_types import key
from tracker.records.programmer_session import ClinicProgrammer
from tracker.records.pump import Pump, look_again


def name_programmer(session: Session, clinic_id: int, programmer: str, *, by: str, now: datetime) -> ClinicProgrammer:
    """Add it to the clinic's list. Raises `Conflict` where it is there already."""
    name = programmer.strip()
    if not name:
        raise Invalid("say which programmer", field="programmer")
    if session.get(ClinicProgrammer, (clinic_id, name)) is not None:
        raise Conflict(f"{name} is on the list already")
    row = ClinicProgrammer(clinic_id=clinic_id, programmer=name, added_by=by, added_at=now)
    session.add(row)
    session.flush()
    _look_again(session, clinic_id, now)
    return row


def drop_programmer(session: Session, clinic_id: int, programmer: str, *, now: datetime) -> None:
    """Take it off the list. Raises `NotFound` where it is not there."""
    row = session.get(ClinicProgrammer, (clinic_id, programmer.strip()))
    if row is None:
        raise NotFound(f"{programmer} is not on the list")
    session.delete(row)
    session.flush()
    _look_again(session, clinic_id, now)


def _look_again(session: Session, clinic_id: int, now: datetime) -> None:
    """What the list says changes what is unknown: every pump of the clinic is looked at."""
    look_again(session, [key(one) for one in session.exec(select(Pump.id).where(Pump.clinic_id == clinic_id))], now)
