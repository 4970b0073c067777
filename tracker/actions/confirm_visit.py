"""Confirm a draft visit: a person says that it was so."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions import prescription
from tracker.actions.log_mri import checked_by_visit
from tracker.actions.visit_codes import code_day
from tracker.errors import Conflict, NotFound
from tracker.records.pump import Pump, hold_states, look_again
from tracker.records.visit import Visit, newest_prescribing


def confirm_visit(
    session: Session, visit_id: int, *, professional_skill: bool | None = None, by: str, now: datetime
) -> Visit:
    """Confirm it, and carry its prescription into the pump's record. Raises `Conflict` unless it is a draft.

    ``professional_skill`` is what a session can't tell; None leaves the draft's.
    """
    visit = session.get(Visit, visit_id)
    if visit is None:
        raise NotFound("there is no such visit")
    if visit.status != "draft":
        raise Conflict(f"the visit is {visit.status} already")
    hold_states(session, [visit.pump_id])
    visit.status = "confirmed"
    visit.confirmed_by, visit.confirmed_at = by, now
    session.add(visit)
    session.flush()
    pump = session.get_one(Pump, visit.pump_id)
    if professional_skill is not None and professional_skill != visit.professional_skill:
        visit.professional_skill = professional_skill
        session.flush()
        code_day(session, pump, visit.performed_at)
    prescription.set_by(session, pump, newest_prescribing(session, visit.pump_id))
    checked_by_visit(session, visit, by=by, now=now)
    look_again(session, [visit.pump_id], now)
    return visit
