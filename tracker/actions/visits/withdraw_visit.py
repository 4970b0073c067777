"""Withdraw a visit that was not so; it stays in the record with the reason."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.pumps.log_mri import checked_by_others, unchecked_by_visit
from tracker.actions.visits import prescription
from tracker.actions.visits.amend_visit import as_it_stood
from tracker.actions.visits.lock_visit import lock_visit
from tracker.actions.visits.visit_codes import code_day
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.pump import look_again
from tracker.records.visit import Visit, VisitAmendment, newest_prescribing


def withdraw_visit(session: Session, visit_id: int, *, reason: str, by: str, now: datetime) -> Visit:
    """Withdraw it and code the day without it.

    The pump's prescription goes back to what it was before that visit; a check after an MRI that it was is due again.
    """
    visit, pump = lock_visit(session, visit_id)
    if visit.status == "withdrawn":
        raise Conflict("the visit was withdrawn already")
    if not reason.strip():
        raise Invalid("say why the visit is withdrawn", field="reason")
    was_newest = newest_prescribing(session, visit.pump_id) is visit
    session.add(VisitAmendment(visit_id=key(visit.id), at=now, by=by, reason=reason.strip(), before=as_it_stood(visit)))
    reopened = unchecked_by_visit(session, visit)
    visit.status = "withdrawn"
    session.add(visit)
    session.flush()
    checked_by_others(session, reopened, by=by, now=now)
    code_day(session, pump, visit.performed_at)
    if was_newest:
        prescription.set_without(session, pump, visit)
    look_again(session, [key(pump.id)], now)
    return visit
