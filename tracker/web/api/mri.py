"""MRI examinations of a pump's patient, and the check of the pump that each asks for."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter
from pydantic import BaseModel, Field, StringConstraints
from sqlmodel import Session

from tracker.actions.audit_events import Event
from tracker.actions.pumps.log_mri import check_after_mri, log_mri
from tracker.records.column_types import key
from tracker.records.programmer_session import MriExam, mri_exams_of
from tracker.records.pump import Pump
from tracker.web.api.acting import Told, do, row_of
from tracker.web.api.field_types import NO_NUL, Answer, Given, Moment, Page, RowId, Serial
from tracker.web.app_state import Context
from tracker.web.auth.permissions import requires
from tracker.web.auth.pump_access import pump_of
from tracker.web.auth.user import Person

router = APIRouter(prefix="/api/v1", tags=["mri"])
Logger = Annotated[Person, requires("mri.log")]


class NewExam(Given):
    """An MRI: when, and whether the reservoir was emptied before it."""

    performed_at: Moment
    emptied_before: Answer | None = Field(None, description="null where it is not known")
    note: Annotated[str, StringConstraints(max_length=1000, pattern=NO_NUL)] = ""


class Check(Given):
    """When the pump was interrogated after the MRI."""

    checked_at: Moment


class ExamShown(BaseModel):
    """An MRI with the check after it."""

    id: int
    performed_at: datetime
    emptied_before: bool | None
    check_due_at: datetime
    overdue_at: datetime
    checked_at: datetime | None
    checked_by: str | None
    logged_by: str
    note: str


@router.get("/pumps/{serial}/mri", response_model=Page[ExamShown])
def listed(serial: Serial, web: Context, person: Annotated[Person, requires("pumps.read")]) -> dict[str, Any]:
    """A pump's MRI examinations, newest first; there are few, so all stand on one page."""
    now = web.clock()
    with web.database.reading() as session:
        pump = pump_of(session, person, serial, now)
        exams = mri_exams_of(session, key(pump.id))
    web.trail.read(person, f"pump:{serial}", "mri", now, clinic_id=pump.clinic_id)
    return {"items": [_shown(exam) for exam in exams], "next": None}


@router.post("/pumps/{serial}/mri", status_code=201, response_model=ExamShown)
def log(serial: Serial, given: NewExam, web: Context, person: Logger) -> dict[str, Any]:
    """Log an MRI: the check after it becomes due by the rule of the pump's model."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        exam = log_mri(session, pump, **given.model_dump(), by=person.email, now=now)
        return _shown(exam), {"exam": exam.id, "performed_at": exam.performed_at}

    return do(web, person, serial, Event.MRI_LOGGED, act)


@router.post("/pumps/{serial}/mri/{exam_id}/checked", status_code=201, response_model=ExamShown)
def checked(serial: Serial, exam_id: RowId, given: Check, web: Context, person: Logger) -> dict[str, Any]:
    """The pump was interrogated after the MRI, and it runs."""

    def act(session: Session, pump: Pump, now: datetime) -> Told:
        row_of(session, MriExam, exam_id, pump)
        exam = check_after_mri(session, exam_id, checked_at=given.checked_at, by=person.email, now=now)
        return _shown(exam), {"exam": exam_id, "checked_at": given.checked_at}

    return do(web, person, serial, Event.MRI_CHECKED, act)


def _shown(exam: MriExam) -> dict[str, Any]:
    return {name: getattr(exam, name) for name in ExamShown.model_fields}
