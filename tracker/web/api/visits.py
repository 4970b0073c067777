"""Visits: refill, analysis and reprogramming events with their codes: log, list, confirm, amend, withdraw."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Body
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from devices.prescription_json import FIELDS
from tracker.actions.audit_events import Event
from tracker.actions.visits.amend_visit import amend_visit
from tracker.actions.visits.confirm_visit import confirm_visit
from tracker.actions.visits.log_visit import log_visit
from tracker.actions.visits.withdraw_visit import withdraw_visit
from tracker.errors import Invalid, NotFound
from tracker.records.column_types import from_micros, key, to_micros
from tracker.records.pump import Pump
from tracker.records.visit import Visit, visit_by_id, visits_of
from tracker.web.api.field_types import (
    NO_NUL,
    Amount,
    Answer,
    Cursor,
    Day,
    Given,
    Limit,
    Moment,
    Page,
    RowId,
    Sentence,
    Serial,
    Short,
    Volume,
    fitting,
    paged,
    place_in,
)
from tracker.web.api.prescription_schemas import Prescription
from tracker.web.app_state import Context
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of, seen_by
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["visits"])


class Fill(Given):
    """What was filled. Volumes equal the flat fields: given in both places they must agree."""

    aspirated_ml: Volume | None = None
    filled_ml: Volume | None = None
    product: Annotated[str, StringConstraints(max_length=120, pattern=NO_NUL)] | None = None
    lot: Short | None = None
    expires_on: Day | None = None
    compounder: Annotated[str, StringConstraints(max_length=120, pattern=NO_NUL)] | None = None
    wasted: Volume | Amount | None = Field(None, description="mL")
    witnessed_by: Annotated[str, StringConstraints(max_length=254, pattern=NO_NUL)] | None = None
    not_measured_because: Annotated[str, StringConstraints(max_length=500, pattern=NO_NUL)] | None = None


class AnswerGiven(Given):
    """The words that answer one warning."""

    warning: Annotated[str, StringConstraints(min_length=1, max_length=64, pattern=NO_NUL)]
    words: Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=NO_NUL)]


Credential = Annotated[str, StringConstraints(pattern=r"^[A-Za-z-]{1,16}$"), Field(examples=["rn", "np", "pa", "md"])]
AnswersGiven = Annotated[list[AnswerGiven], Field(max_length=50)]


class NewVisit(Given):
    """What was done at a pump, and when."""

    performed_at: Moment = Field(examples=["2026-11-20T10:05:00Z"])
    analysed: Answer = False
    reprogrammed: Answer = False
    refilled: Answer = False
    professional_skill: Answer = Field(
        False, description="a physician's or other qualified professional's was required"
    )
    expected_ml: Volume | None = None
    aspirated_ml: Volume | None = None
    filled_ml: Volume | None = None
    prescription_before: Prescription | None = None
    prescription_after: Prescription | None = None
    alarm_audible: Answer | None = Field(None, description="the patient heard the alarm test; null if not done")
    operator: Annotated[str, StringConstraints(max_length=254, pattern=NO_NUL)] | None = None
    note: Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)] = ""
    fill: Fill | None = None
    credential: Credential | None = Field(None, description="of who did it")
    answers: AnswersGiven = Field(default_factory=list, description="to the warnings of a 422, each by its id")


class Amendment(Given):
    """The fields to change, and why; a field that is left out stays as it is."""

    reason: Annotated[Sentence, StringConstraints(min_length=1)]
    performed_at: Moment | None = None
    analysed: Answer | None = None
    reprogrammed: Answer | None = None
    refilled: Answer | None = None
    professional_skill: Answer | None = None
    expected_ml: Volume | None = None
    aspirated_ml: Volume | None = None
    filled_ml: Volume | None = None
    prescription_before: Prescription | None = None
    prescription_after: Prescription | None = None
    alarm_audible: Answer | None = None
    operator: Annotated[str, StringConstraints(max_length=254, pattern=NO_NUL)] | None = None
    note: Annotated[str, StringConstraints(max_length=4000, pattern=NO_NUL)] | None = None
    fill: Fill | None = None
    credential: Credential | None = None
    answers: AnswersGiven = Field(default_factory=list)


class VisitConfirmation(Given):
    """What a session can't tell."""

    professional_skill: Answer | None = None
    answers: AnswersGiven = Field(default_factory=list, description="to the warnings of a 422, each by its id")


class Reason(Given):
    """Why."""

    reason: Annotated[Sentence, StringConstraints(min_length=1)]


class VisitShown(BaseModel):
    """A visit with its procedure codes."""

    id: int
    performed_at: datetime
    status: Literal["draft", "confirmed", "withdrawn"]
    source: Literal["staff", "session"]
    analysed: bool
    reprogrammed: bool
    refilled: bool
    professional_skill: bool
    expected_ml: float | None
    aspirated_ml: float | None
    filled_ml: float | None
    prescription_before: dict[str, Any] | None
    prescription_after: dict[str, Any] | None
    alarm_audible: bool | None
    codes: list[str]
    listed_in_guideline: bool
    conflicts: list[str]
    because: str
    operator: str | None
    credential: str | None
    note: str
    fill: dict[str, Any] | None = Field(description="product, lot, waste, witness; volumes stand beside it")
    answers: list[dict[str, Any]] = Field(description="each warning that was asked, with the words that answered it")
    logged_by: str
    logged_at: datetime
    confirmed_by: str | None
    confirmed_at: datetime | None


@router.post("/pumps/{serial}/visits", status_code=201, response_model=VisitShown)
def log(
    serial: Serial, given: NewVisit, web: Context, person: Annotated[Person, requires("visits.log")]
) -> dict[str, Any]:
    """Log what was done; the answer carries the procedure code that follows, and any conflict of the day."""
    now = web.clock()
    values = given.model_dump()
    _check_whole(values)
    with fitting(), web.database.writing() as session:
        pump = pump_of(session, person, serial, now)
        visit = log_visit(session, pump, **values, by=person.email, now=now)
        _enter(session, person, pump, Event.VISIT_LOGGED, visit, now)
    return _shown(visit)


@router.get("/pumps/{serial}/visits", response_model=Page[VisitShown])
def listed(
    serial: Serial,
    web: Context,
    person: Annotated[Person, requires("visits.read")],
    limit: Limit = 50,
    cursor: Cursor = None,
) -> dict[str, Any]:
    """A pump's visits, newest first, withdrawn ones too; who handed it over sees those logged until then."""
    now = web.clock()
    scope = f"visits {serial}"
    place = place_in(web, scope, cursor, int, int)
    with web.database.reading() as session:
        seen = seen_by(session, person, serial, now)
        before = (from_micros(place[0]), place[1]) if place else None
        rows = visits_of(session, key(seen.pump.id), limit + 1, before, logged_by=seen.until)
    web.trail.read(person, f"pump:{serial}", "visits", now, clinic_id=seen.clinic_id)
    return paged(web, scope, rows, limit, place=lambda row: [to_micros(row.performed_at), key(row.id)], show=_shown)


@router.post("/pumps/{serial}/visits/{visit_id}/confirm", response_model=VisitShown)
def confirm(
    serial: Serial,
    visit_id: RowId,
    web: Context,
    person: Annotated[Person, requires("visits.log")],
    given: Annotated[VisitConfirmation | None, Body()] = None,
) -> dict[str, Any]:
    """Confirm a draft that a programmer session made."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        pump = _visit_of(session, person, serial, visit_id, now)
        skill = given.professional_skill if given else None
        answers = [one.model_dump() for one in given.answers] if given else []
        visit = confirm_visit(session, visit_id, professional_skill=skill, answers=answers, by=person.email, now=now)
        _enter(session, person, pump, Event.VISIT_CONFIRMED, visit, now)
    return _shown(visit)


@router.patch("/pumps/{serial}/visits/{visit_id}", response_model=VisitShown)
def amend(
    serial: Serial,
    visit_id: RowId,
    given: Amendment,
    web: Context,
    person: Annotated[Person, requires("visits.log")],
) -> dict[str, Any]:
    """Amend a visit; what it said before is kept with it."""
    now = web.clock()
    changes: dict[str, Any] = given.model_dump(exclude={"reason", "answers"}, exclude_unset=True)
    kept = {name for name, value in changes.items() if value is None and name in _NEVER_NULL}
    _check_whole(changes)
    with fitting(), web.database.writing() as session:
        pump = _visit_of(session, person, serial, visit_id, now)
        wanted = {name: value for name, value in changes.items() if name not in kept}
        visit = amend_visit(
            session,
            visit_id,
            wanted,
            reason=given.reason,
            answers=[one.model_dump() for one in given.answers],
            by=person.email,
            now=now,
        )
        _enter(session, person, pump, Event.VISIT_AMENDED, visit, now, reason=given.reason, fields=sorted(wanted))
    return _shown(visit)


@router.post("/pumps/{serial}/visits/{visit_id}/withdraw", response_model=VisitShown)
def withdraw(
    serial: Serial,
    visit_id: RowId,
    given: Reason,
    web: Context,
    person: Annotated[Person, requires("visits.log")],
) -> dict[str, Any]:
    """Withdraw a visit that was not so; it is kept, and no longer counts."""
    now = web.clock()
    with fitting(), web.database.writing() as session:
        pump = _visit_of(session, person, serial, visit_id, now)
        visit = withdraw_visit(session, visit_id, reason=given.reason, by=person.email, now=now)
        _enter(session, person, pump, Event.VISIT_WITHDRAWN, visit, now, reason=given.reason)
    return _shown(visit)


_NEVER_NULL = frozenset({"performed_at", "analysed", "reprogrammed", "refilled", "professional_skill", "note"})


def _check_whole(values: Mapping[str, Any]) -> None:
    """Refuse a prescription that lacks a part, whatever the record says; what clashes inside it is for the action."""
    for name in ("prescription_before", "prescription_after"):
        given = values.get(name)
        if given is None or given.get("drugs") is not None:
            continue
        for part in FIELDS:
            if given.get(part) is None:
                raise Invalid(f"{part} is required but missing", field=f"{name}.{part}")


def _visit_of(session: Session, person: Person, serial: str, visit_id: int, now: datetime) -> Pump:
    pump = pump_of(session, person, serial, now)
    visit = visit_by_id(session, visit_id)
    if visit is None or visit.pump_id != pump.id:
        raise NotFound("this pump has no such visit")
    return pump


def _enter(
    session: Session, person: Person, pump: Pump, event: Event, visit: Visit, now: datetime, **detail: Any
) -> None:
    subject = f"pump:{pump.serial}"
    detail = {"visit": visit.id, "codes": visit.codes, **detail}
    enter(session, person, event, subject, now, clinic_id=pump.clinic_id, **detail)


def _shown(visit: Visit) -> dict[str, Any]:
    shown = {name: getattr(visit, name) for name in VisitShown.model_fields}
    return {**shown, "answers": visit.answers or [], "conflicts": [str(conflict) for conflict in visit.conflicts]}
