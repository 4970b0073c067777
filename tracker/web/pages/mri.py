"""MRI checks of the whole clinic: which pump is to be interrogated after its patient's MRI, and by when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Form, Path, Query, Request
from fastapi.responses import HTMLResponse, Response
from sqlmodel import Session

from devices.model import MriRule, PumpModel
from devices.models import catalogue
from tracker.actions.audit_events import Event
from tracker.actions.pumps.log_mri import check_after_mri, log_mri
from tracker.errors import Invalid, NotFound, TrackerError
from tracker.records.column_types import from_micros, key, to_micros
from tracker.records.pump import Pump
from tracker.records.queries.mri import (
    COUNTED_TO,
    ExamRow,
    exam_counts,
    exam_of_clinic,
    exams_checked,
    exams_to_check,
)
from tracker.web.app_state import Context, Web
from tracker.web.auditing.audit_write import enter
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person
from tracker.web.forms.resubmitted_form import keeps_what_was_typed
from tracker.web.lists.pagination import read_cursor, write_cursor
from tracker.web.pages.pumps import model_name
from tracker.web.views.formatting import field_time, from_field_time
from tracker.web.views.layout import back_to, with_query
from tracker.web.views.templating import page

router = APIRouter(include_in_schema=False, dependencies=[keeps_what_was_typed()])
PAGE = 50
Reader = Annotated[Person, requires("pumps.read")]
Logger = Annotated[Person, requires("mri.log")]
Word = Annotated[str, Form(max_length=80)]
Number = Annotated[int, Path(ge=1, le=2**53)]


@router.get("/mri", response_class=HTMLResponse)
def mri_checks(
    request: Request,
    web: Context,
    person: Reader,
    show: Annotated[str, Query(max_length=8)] = "due",
    serial: Annotated[str, Query(max_length=64)] = "",
    cursor: Annotated[str | None, Query(max_length=400)] = None,
) -> HTMLResponse:
    """The checks that are due, the first one first; or the examinations whose check is recorded."""
    return _show(request, web, person, show=show, cursor=cursor, typed={"serial": serial.strip()})


@router.post("/mri")
def log(
    request: Request,
    web: Context,
    person: Logger,
    serial: Word = "",
    performed_at: Word = "",
    emptied_before: Word = "",
    note: Annotated[str, Form(max_length=1000)] = "",
) -> Response:
    """Log an MRI: the check after it becomes due by the rule of the pump's model."""
    now = web.clock()
    typed = {"serial": serial.strip(), "performed_at": performed_at, "emptied_before": emptied_before, "note": note}
    try:
        if not serial.strip():
            raise Invalid("give the pump's serial", field="serial")
        at = _moment(performed_at, person, "performed_at")
        emptied = {"yes": True, "no": False}.get(emptied_before)
        with web.database.writing() as session:
            pump = _pump(session, person, serial.strip(), now)
            exam = log_mri(
                session, pump, performed_at=at, emptied_before=emptied, note=note.strip(), by=person.email, now=now
            )
            subject = f"pump:{pump.serial}"
            enter(
                session, person, Event.MRI_LOGGED, subject, now, clinic_id=pump.clinic_id, exam=exam.id, performed_at=at
            )
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, typed=typed)
    return back_to("/mri", "mri")


@router.post("/mri/{exam_id}/checked")
def checked(request: Request, web: Context, person: Logger, exam_id: Number, checked_at: Word = "") -> Response:
    """The pump was interrogated after the MRI, and it delivers."""
    now = web.clock()
    try:
        with web.database.writing() as session:
            found = exam_of_clinic(session, person.clinic_id, exam_id)
            if found is None:
                raise NotFound("no pump of your clinic has such an MRI")
            at = _moment(checked_at, person, "checked_at")
            check_after_mri(session, exam_id, checked_at=at, by=person.email, now=now)
            enter(session, person, Event.MRI_CHECKED, f"pump:{found[1].serial}", now, exam=exam_id, checked_at=at)
    except TrackerError as fault:
        return _show(request, web, person, fault=fault, at_fault=exam_id, typed={"checked_at": checked_at})
    return back_to("/mri", "checked")


def _pump(session: Session, person: Person, serial: str, now: datetime) -> Pump:
    try:
        return pump_of(session, person, serial, now)
    except NotFound as fault:
        raise NotFound(fault.detail, field="serial") from fault


def _moment(text: str, person: Person, field: str) -> datetime:
    try:
        return from_field_time(text, person.timezone)
    except (ValueError, OverflowError):
        raise Invalid("give the day and the time", field=field) from None


def _rules() -> list[tuple[str, PumpModel]]:
    """Each rule once, with the names of the models that share it."""
    found: dict[MriRule, list[PumpModel]] = {}
    for model in catalogue.MODELS:
        if model.mri is not None:
            found.setdefault(model.mri, []).append(model)
    return [(", ".join(model.name for model in models), models[0]) for models in found.values()]


def _show(
    request: Request,
    web: Web,
    person: Person,
    *,
    show: str = "due",
    cursor: str | None = None,
    fault: TrackerError | None = None,
    at_fault: int | None = None,
    typed: dict[str, str],
) -> HTMLResponse:
    now = web.clock()
    due = show != "checked"
    scope = f"page-mri:{person.clinic_id}:{due}"
    place = read_cursor(web.key, scope, cursor, (int, int))
    after = None if place is None else (from_micros(place[0]), place[1])
    with web.database.reading() as session:
        listed = exams_to_check if due else exams_checked
        rows = listed(session, person.clinic_id, PAGE + 1, after)
        counts = exam_counts(session, person.clinic_id, now)
    web.trail.read(person, "mri", "page", now, count=min(PAGE, len(rows)))
    next_url = None
    if len(rows) > PAGE:
        next_url = with_query(request, cursor=write_cursor(web.key, scope, _place(rows[PAGE - 1], due=due)))
    return page(
        request,
        person,
        "mri.html",
        status_code=fault.status if fault else 200,
        rows=rows[:PAGE],
        due_first=due,
        counts=counts,
        counted_to=COUNTED_TO,
        rules=_rules(),
        find=catalogue.find,
        model_name=model_name,
        fault=fault,
        at_fault=at_fault,
        typed={"serial": "", "performed_at": "", "emptied_before": "", "note": "", "checked_at": "", **typed},
        moment=field_time(now, person.timezone),
        next_url=next_url,
    )


def _place(row: ExamRow, *, due: bool) -> list[Any]:
    return [to_micros(row.exam.check_due_at if due else row.exam.performed_at), key(row.exam.id)]
