"""Ask about a visit before it is stored: what it would say, held against the pump's record."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from sqlmodel import Session

from devices.models import catalogue
from devices.prescription_json import prescription_or_none
from tracker.actions.visits.prescription import recorded
from tracker.actions.visits.visit_warnings import DOSE_WARNINGS, Proposed, VisitWarning, answered, visit_warnings
from tracker.records.pump import Clinic, Pump
from tracker.records.visit import Visit

Answers = Sequence[Mapping[str, Any]]
"""What a person answered: `warning`, the warning's id, and `words`."""


def warnings_for(session: Session, pump: Pump, visit: Visit) -> tuple[VisitWarning, ...]:
    """What the visit is asked about as it stands, beside what the record says now."""
    zone = session.get_one(Clinic, pump.clinic_id).timezone
    fill = visit.fill or {}
    expires = fill.get("expires_on")
    return visit_warnings(
        Proposed(
            model=catalogue.find(pump.model),
            day=visit.performed_at.astimezone(ZoneInfo(zone)).date(),
            analysed=visit.analysed,
            reprogrammed=visit.reprogrammed,
            refilled=visit.refilled,
            expected_ml=visit.expected_ml,
            aspirated_ml=visit.aspirated_ml,
            filled_ml=visit.filled_ml,
            before=prescription_or_none(visit.prescription_before) or recorded(pump),
            after=prescription_or_none(visit.prescription_after),
            not_measured_because=fill.get("not_measured_because"),
            product_expires_on=None if expires is None else date.fromisoformat(expires),
        )
    )


def ask(session: Session, pump: Pump, visit: Visit, answers: Answers) -> None:
    """Keep the answers with the visit. Raises `Unanswered` where a warning has none."""
    visit.answers = answered(warnings_for(session, pump, visit), answers) or None


def ask_draft(session: Session, pump: Pump, visit: Visit, answers: Answers) -> None:
    """As `ask`, for a draft that is confirmed: about drug, unit and dose alone, which its session may have wrong."""
    asked = [one for one in warnings_for(session, pump, visit) if one.id in DOSE_WARNINGS]
    visit.answers = answered(asked, answers) or None


def ask_again(session: Session, pump: Pump, visit: Visit, known: Sequence[VisitWarning], answers: Answers) -> None:
    """As `ask`, for an amended visit: about what was not asked before; earlier answers stay while they are needed."""
    before = {(one.id, one.field, one.message) for one in known}
    now_asked = warnings_for(session, pump, visit)
    new = [one for one in now_asked if (one.id, one.field, one.message) not in before]
    still = {(one.id, one.field) for one in now_asked}
    fresh = answered(new, answers)
    kept = [one for one in visit.answers or [] if (one.get("warning"), one.get("field")) in still]
    replaced = {(one["warning"], one["field"]) for one in fresh}
    visit.answers = [one for one in kept if (one.get("warning"), one.get("field")) not in replaced] + fresh or None
