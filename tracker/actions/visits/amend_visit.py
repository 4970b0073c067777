"""Amend a visit: what it said before is kept, with who changed it and why."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlmodel import Session

from tracker.actions.pumps.log_mri import checked_by_others, checked_by_visit, unchecked_by_visit
from tracker.actions.visits import prescription
from tracker.actions.visits.check_warnings import Answers, ask_again, warnings_for
from tracker.actions.visits.lock_visit import lock_visit
from tracker.actions.visits.log_visit import check_visit
from tracker.actions.visits.visit_codes import code_day
from tracker.actions.visits.visit_fill import checked_fill
from tracker.errors import Conflict, Invalid
from tracker.records.column_types import key
from tracker.records.pump import look_again
from tracker.records.visit import Visit, VisitAmendment, newest_prescribing

AMENDABLE = (
    "performed_at",
    "analysed",
    "reprogrammed",
    "refilled",
    "professional_skill",
    "expected_ml",
    "aspirated_ml",
    "filled_ml",
    "prescription_before",
    "prescription_after",
    "alarm_audible",
    "operator",
    "note",
    "fill",
    "credential",
)
_KEPT = (*AMENDABLE, "answers", "status", "codes", "conflicts", "because", "listed_in_guideline")


def amend_visit(
    session: Session,
    visit_id: int,
    changes: Mapping[str, Any],
    *,
    reason: str,
    answers: Answers | None = None,
    by: str,
    now: datetime,
) -> Visit:
    """Change the named fields and code the day again. Raises `Invalid` naming what is wrong, `Conflict` if withdrawn.

    With ``answers`` it raises `Unanswered` where a warning that was not there before has no answer.
    """
    visit, pump = lock_visit(session, visit_id)
    if visit.status == "withdrawn":
        raise Conflict("the visit was withdrawn; log it again instead")
    if not reason.strip():
        raise Invalid("say why the visit is amended", field="reason")
    unknown = sorted(set(changes) - set(AMENDABLE))
    if unknown:
        raise Invalid(f"{unknown[0]} can't be amended", field=unknown[0])
    was_newest = newest_prescribing(session, visit.pump_id) is visit
    before, day_before = as_it_stood(visit), visit.performed_at
    reopened = unchecked_by_visit(session, visit)
    asked = () if answers is None else warnings_for(session, pump, visit)
    for name, value in changes.items():
        given = prescription.checked(value, name) if name.startswith("prescription_") else value
        if name == "fill":
            given = checked_fill(value, refilled=bool(changes.get("refilled", visit.refilled)))
        setattr(visit, name, given)
    check_visit(
        pump,
        now,
        performed_at=visit.performed_at,
        refilled=visit.refilled,
        expected_ml=visit.expected_ml,
        aspirated_ml=visit.aspirated_ml,
        filled_ml=visit.filled_ml,
    )
    if answers is not None:
        ask_again(session, pump, visit, asked, answers)
    session.add(visit)
    session.add(VisitAmendment(visit_id=key(visit.id), at=now, by=by, reason=reason.strip(), before=before))
    session.flush()
    code_day(session, pump, day_before)
    code_day(session, pump, visit.performed_at)
    if was_newest:
        prescription.set_without(session, pump, visit)
    prescription.set_by(session, pump, newest_prescribing(session, key(pump.id)))
    checked_by_others(session, reopened, by=by, now=now)
    if visit.status == "confirmed":
        checked_by_visit(session, visit, by=by, now=now)
    look_again(session, [key(pump.id)], now)
    return visit


def as_it_stood(visit: Visit) -> dict[str, Any]:
    """All that a visit says, as JSON."""
    said = {name: getattr(visit, name) for name in _KEPT}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}
