"""Log what staff did at a pump: refill, analysis, reprogramming, with the code that follows."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from devices.check import EARLIEST
from devices.models import catalogue
from tracker.actions.messages.follow_items import acted_on
from tracker.actions.pumps.log_mri import checked_by_visit
from tracker.actions.visits import prescription
from tracker.actions.visits.check_warnings import Answers, ask
from tracker.actions.visits.visit_codes import code_day
from tracker.actions.visits.visit_fill import checked_fill, volume_of
from tracker.errors import Invalid
from tracker.records.column_types import key
from tracker.records.notification import open_notifications
from tracker.records.pump import Pump, hold_states, look_again
from tracker.records.visit import Visit, newest_prescribing

_CLOCK_TOLERANCE = timedelta(minutes=10)
_TYPING_FAULT = 2  # a volume over so many times the capacity was mistyped; one above the capacity alone is a finding


def log_visit(
    session: Session,
    pump: Pump,
    *,
    performed_at: datetime,
    analysed: bool = False,
    reprogrammed: bool = False,
    refilled: bool = False,
    professional_skill: bool = False,
    expected_ml: float | None = None,
    aspirated_ml: float | None = None,
    filled_ml: float | None = None,
    prescription_before: Mapping[str, Any] | None = None,
    prescription_after: Mapping[str, Any] | None = None,
    alarm_audible: bool | None = None,
    operator: str | None = None,
    note: str = "",
    fill: Mapping[str, Any] | None = None,
    credential: str | None = None,
    answers: Answers | None = None,
    by: str,
    now: datetime,
) -> Visit:
    """Record the visit as confirmed, code its day, and carry the new prescription into the pump's record.

    Raises `Invalid` naming the field for a time in the future or before 1970, volumes without a refill or out of
    reason, an incomplete prescription, or an act that the model does not have. With ``answers`` (none given: an empty
    list) it raises `Unanswered` where a warning has no answer; None asks about nothing, for what no person types.
    """
    aspirated_ml = volume_of(fill, "aspirated_ml", aspirated_ml)
    filled_ml = volume_of(fill, "filled_ml", filled_ml)
    check_visit(
        pump,
        now,
        performed_at=performed_at,
        refilled=refilled,
        expected_ml=expected_ml,
        aspirated_ml=aspirated_ml,
        filled_ml=filled_ml,
    )
    hold_states(session, [key(pump.id)])
    visit = Visit(
        pump_id=key(pump.id),
        performed_at=performed_at,
        analysed=analysed,
        reprogrammed=reprogrammed,
        refilled=refilled,
        professional_skill=professional_skill,
        expected_ml=expected_ml,
        aspirated_ml=aspirated_ml,
        filled_ml=filled_ml,
        prescription_before=prescription.checked(prescription_before, "prescription_before")
        or prescription.of_pump(pump),
        prescription_after=prescription.checked(prescription_after, "prescription_after"),
        alarm_audible=alarm_audible,
        operator=operator,
        note=note,
        fill=checked_fill(fill, refilled=refilled),
        credential=credential.lower() if credential else None,
        logged_by=by,
        logged_at=now,
        confirmed_by=by,
        confirmed_at=now,
    )
    if answers is not None:
        ask(session, pump, visit, answers)
    session.add(visit)
    session.flush()
    code_day(session, pump, performed_at)
    prescription.set_by(session, pump, newest_prescribing(session, key(pump.id)))
    checked_by_visit(session, visit, by=by, now=now)
    acted_on(session, open_notifications(session, pump_id=key(pump.id)), now)
    look_again(session, [key(pump.id)], now)
    return visit


def check_visit(
    pump: Pump,
    now: datetime,
    *,
    performed_at: datetime,
    refilled: bool,
    expected_ml: float | None,
    aspirated_ml: float | None,
    filled_ml: float | None,
) -> None:
    """Refuse a visit that can't have been so, naming the field."""
    if performed_at.tzinfo is None:
        raise Invalid("say in which time zone that was", field="performed_at")
    if performed_at > now + _CLOCK_TOLERANCE:
        raise Invalid("a visit can't be logged before it happens", field="performed_at")
    if performed_at < EARLIEST:
        raise Invalid(f"{performed_at.date()} lies before 1970; give the right year", field="performed_at")
    if pump.implanted_on is not None and performed_at.date() + timedelta(days=1) < pump.implanted_on:
        raise Invalid(f"the pump was implanted on {pump.implanted_on}, after that", field="performed_at")
    model = catalogue.find(pump.model)
    for name, volume in (("expected_ml", expected_ml), ("aspirated_ml", aspirated_ml), ("filled_ml", filled_ml)):
        if volume is None:
            continue
        if not refilled:
            raise Invalid("volumes belong to a refill; mark the visit as one", field=name)
        if not 0 <= volume < float("inf"):
            raise Invalid("a volume is a number of mL, 0 or more", field=name)
        if model is not None and volume > _TYPING_FAULT * model.capacity_ml:
            raise Invalid(f"{volume:g} mL does not fit: the reservoir holds {model.capacity_ml:g} mL", field=name)
