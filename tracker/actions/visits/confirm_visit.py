"""Confirm a draft visit: a person says that it was so."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.messages.follow_items import acted_on
from tracker.actions.pumps.log_mri import checked_by_visit
from tracker.actions.visits import prescription
from tracker.actions.visits.check_warnings import Answers, ask_draft
from tracker.actions.visits.lock_visit import lock_visit
from tracker.actions.visits.visit_codes import code_day
from tracker.errors import Conflict
from tracker.records.notification import open_notifications
from tracker.records.pump import look_again
from tracker.records.visit import Visit, newest_prescribing


def confirm_visit(
    session: Session,
    visit_id: int,
    *,
    professional_skill: bool | None = None,
    answers: Answers | None = None,
    by: str,
    now: datetime,
) -> Visit:
    """Confirm it, and carry its prescription into the pump's record. Raises `Conflict` unless it is a draft.

    Raises `Invalid` naming the part of its prescription that the record can't keep: once it is amended, it can be.
    With ``answers`` it raises `Unanswered` where a warning has no answer.
    ``professional_skill`` is what a session can't tell; None leaves the draft's.
    """
    visit, pump = lock_visit(session, visit_id)
    if visit.status != "draft":
        raise Conflict(f"the visit is {visit.status} already")
    prescription.check_fits(visit.prescription_after or {}, "prescription_after")
    if answers is not None:
        ask_draft(session, pump, visit, answers)
    visit.status = "confirmed"
    visit.confirmed_by, visit.confirmed_at = by, now
    session.add(visit)
    if visit.prescription_after and not visit.prescription_before:  # what withdrawing it will go back to
        visit.prescription_before = prescription.of_pump(pump)
    session.flush()
    if professional_skill is not None and professional_skill != visit.professional_skill:
        visit.professional_skill = professional_skill
        session.flush()
        code_day(session, pump, visit.performed_at)
    prescription.set_by(session, pump, newest_prescribing(session, visit.pump_id))
    checked_by_visit(session, visit, by=by, now=now)
    acted_on(session, open_notifications(session, pump_id=visit.pump_id), now)
    look_again(session, [visit.pump_id], now)
    return visit
