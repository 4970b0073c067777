"""A clinic's MRI examinations as their page shows them: the checks that are due first."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy
from sqlalchemy import ColumnElement, func, tuple_
from sqlalchemy.orm import aliased
from sqlmodel import Session, col, select

from tracker.records.programmer_session import MriExam
from tracker.records.pump import Pump

COUNTED_TO: Final = 999
"""Examinations are counted so far and no further, that no page grows slower with the number of pumps."""


class ExamRow(NamedTuple):
    """An examination beside the pump that it concerns."""

    exam: MriExam
    pump: Pump


def exams_to_check(
    session: Session, clinic_id: int, limit: int, after: tuple[datetime, int] | None = None
) -> list[ExamRow]:
    """Examinations after which the pump has not been checked, the check that is due first above."""
    query = _of_clinic(clinic_id).where(col(MriExam.checked_at).is_(None))
    place = tuple_(col(MriExam.check_due_at), col(MriExam.id))
    if after is not None:
        query = query.where(place > after)
    rows = session.exec(query.order_by(col(MriExam.check_due_at), col(MriExam.id)).limit(limit))
    return [ExamRow(*row) for row in rows]


def exams_checked(
    session: Session, clinic_id: int, limit: int, after: tuple[datetime, int] | None = None
) -> list[ExamRow]:
    """Examinations whose check is recorded, the newest examination first."""
    query = _of_clinic(clinic_id).where(col(MriExam.checked_at).is_not(None))
    place = tuple_(col(MriExam.performed_at), col(MriExam.id))
    if after is not None:
        query = query.where(place < after)
    rows = session.exec(query.order_by(col(MriExam.performed_at).desc(), col(MriExam.id).desc()).limit(limit))
    return [ExamRow(*row) for row in rows]


class ExamCounts(NamedTuple):
    """A clinic's examinations: those that wait for their check, those of them that are overdue, and those checked.

    Each is counted to ``COUNTED_TO`` and one more for "more than that".
    """

    waiting: int
    overdue: int
    checked: int


def exam_counts(session: Session, clinic_id: int, now: datetime) -> ExamCounts:
    """How many of a clinic's examinations wait for their check, are overdue for it, and are checked."""
    unchecked = col(MriExam.checked_at).is_(None)
    counts = []
    for which in (unchecked, unchecked & (col(MriExam.overdue_at) <= now), col(MriExam.checked_at).is_not(None)):
        some = sqlalchemy.select(col(MriExam.id)).where(which, _is_of(clinic_id)).limit(COUNTED_TO + 1).subquery()
        counts.append(sqlalchemy.select(func.count()).select_from(some).scalar_subquery())
    return ExamCounts(*session.execute(sqlalchemy.select(*counts)).one())


def exam_of_clinic(session: Session, clinic_id: int, exam_id: int) -> tuple[MriExam, Pump] | None:
    """One examination with its pump, if the pump is the clinic's."""
    return session.exec(
        select(MriExam, Pump)
        .join(Pump, col(Pump.id) == col(MriExam.pump_id))
        .where(MriExam.id == exam_id, Pump.clinic_id == clinic_id)
    ).first()


def _of_clinic(clinic_id: int) -> Any:
    return select(MriExam, Pump).join(Pump, col(Pump.id) == col(MriExam.pump_id)).where(_is_of(clinic_id))


def _is_of(clinic_id: int) -> ColumnElement[bool]:
    """By each examination's own pump: joined, a database may well begin with all of the clinic's pumps."""
    whose = aliased(Pump)
    clinic = sqlalchemy.select(col(whose.clinic_id)).where(col(whose.id) == col(MriExam.pump_id))
    return clinic.correlate(MriExam).scalar_subquery() == clinic_id
