"""Log an MRI of a pump's patient, and the check that the model asks for afterwards."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlmodel import Session

from devices.check import EARLIEST
from devices.figure import Figure
from devices.models import catalogue
from tracker.errors import Conflict, Invalid, NotFound
from tracker.records.column_types import key
from tracker.records.programmer_session import MriExam, mri_exams_of, unchecked_mri
from tracker.records.pump import Pump, look_again
from tracker.records.visit import Visit, amendments, analyses_since


def log_mri(
    session: Session,
    pump: Pump,
    *,
    performed_at: datetime,
    emptied_before: bool | None = None,
    note: str = "",
    by: str,
    now: datetime,
) -> MriExam:
    """Log it; the check is due, and overdue, by the model's rule.

    Raises `Conflict` where the model has none, and `Invalid` for a time in the future or before 1970.
    """
    model = catalogue.find(pump.model)
    if model is None or model.mri is None:
        raise Conflict("this model asks for no check after an MRI")
    if performed_at > now + timedelta(minutes=10):
        raise Invalid("an MRI can't be logged before it happens", field="performed_at")
    if performed_at < EARLIEST:
        raise Invalid(f"{performed_at.date()} lies before 1970; give the right year", field="performed_at")
    exam = MriExam(
        pump_id=key(pump.id),
        performed_at=performed_at,
        emptied_before=emptied_before,
        check_due_at=performed_at + _span(model.mri.check_within),
        overdue_at=performed_at + _span(model.mri.overdue_after),
        logged_by=by,
        logged_at=now,
        note=note,
    )
    session.add(exam)
    session.flush()
    look_again(session, [key(pump.id)], now)
    return exam


def check_after_mri(session: Session, exam_id: int, *, checked_at: datetime, by: str, now: datetime) -> MriExam:
    """The pump was interrogated after the MRI and delivers. Raises `Conflict` where that is logged already."""
    exam = session.get(MriExam, exam_id)
    if exam is None:
        raise NotFound("there is no such MRI")
    if exam.checked_at is not None:
        raise Conflict(f"{exam.checked_by} logged the check already")
    if not exam.performed_at <= checked_at <= now + timedelta(minutes=10):
        raise Invalid("the check lies between the MRI and now", field="checked_at")
    exam.checked_at, exam.checked_by = checked_at, by
    session.add(exam)
    session.flush()
    look_again(session, [exam.pump_id], now)
    return exam


def checked_by_visit(session: Session, visit: Visit, *, by: str, now: datetime) -> None:
    """A visit that analysed the pump after an MRI is the check that the MRI asked for."""
    if not visit.analysed:
        return
    for exam in unchecked_mri(session, [visit.pump_id]).get(visit.pump_id, ()):
        if exam.performed_at <= visit.performed_at:
            check_after_mri(session, key(exam.id), checked_at=visit.performed_at, by=by, now=now)


def unchecked_by_visit(session: Session, visit: Visit) -> list[MriExam]:
    """Take back the checks that a visit stood for, before it changes; give the exams to `checked_by_others` after.

    The exam does not name its visit: the visit's own time, and a person who confirmed or amended it, tell that it was.
    """
    if visit.status != "confirmed" or not visit.analysed:
        return []
    people = {visit.confirmed_by} | {amended.by for amended in amendments(session, key(visit.id))}
    reopened = [
        exam
        for exam in mri_exams_of(session, visit.pump_id)
        if exam.checked_at == visit.performed_at and exam.checked_by in people
    ]
    for exam in reopened:
        exam.checked_at, exam.checked_by = None, None
        session.add(exam)
    session.flush()
    return reopened


def checked_by_others(session: Session, exams: Sequence[MriExam], *, by: str, now: datetime) -> None:
    """An exam reopened for one visit is still checked where another one that counts analysed the pump after it."""
    for exam in exams:
        found = analyses_since(session, exam.pump_id, exam.performed_at)
        if found:
            check_after_mri(
                session, key(exam.id), checked_at=found[0].performed_at, by=found[0].confirmed_by or by, now=now
            )


def _span(figure: Figure) -> timedelta:
    """The figure's time, in the unit that it states."""
    units = {"h": timedelta(hours=1), "hours": timedelta(hours=1), "d": timedelta(days=1), "days": timedelta(days=1)}
    return figure.value * units[figure.unit]
