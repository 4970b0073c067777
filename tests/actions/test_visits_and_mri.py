"""A visit that is the check after an MRI, and what becomes of that check when the visit was not so."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session

from tests.actions.build import NURSE, a_pump
from tracker.actions.pumps.log_mri import check_after_mri, log_mri
from tracker.actions.visits.amend_visit import amend_visit
from tracker.actions.visits.log_visit import log_visit
from tracker.actions.visits.withdraw_visit import withdraw_visit
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.records.visit import Visit

HOUR = timedelta(hours=1)
OTHER = "rn2@north.example"


def log(session: Session, pump: Pump, now: datetime, hours_ago: float, **told: Any) -> Visit:
    values: dict[str, Any] = {"performed_at": now - hours_ago * HOUR, "analysed": True, "by": NURSE} | told
    return log_visit(session, pump, now=now, **values)


def test_withdrawing_the_visit_that_checked_the_pump_after_an_mri_asks_for_the_check_again(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        exam = log_mri(session, pump, performed_at=now - 30 * HOUR, by=NURSE, now=now)
        visit = log(session, pump, now, 2)
        assert (exam.checked_at, exam.checked_by) == (now - 2 * HOUR, NURSE)
        withdraw_visit(session, key(visit.id), reason="another pump's", by=OTHER, now=now)
        assert (exam.checked_at, exam.checked_by) == (None, None)


def test_the_check_stays_done_where_another_visit_analysed_the_pump_too(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        exam = log_mri(session, pump, performed_at=now - 30 * HOUR, by=NURSE, now=now)
        first = log(session, pump, now, 3)
        log(session, pump, now, 2, analysed=False, refilled=True)
        log(session, pump, now, 1, by=OTHER)
        withdraw_visit(session, key(first.id), reason="another pump's", by=NURSE, now=now)
        assert (exam.checked_at, exam.checked_by) == (now - HOUR, OTHER)


def test_a_check_that_a_person_logged_stays_when_a_visit_is_withdrawn(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        exam = log_mri(session, pump, performed_at=now - 30 * HOUR, by=NURSE, now=now)
        check_after_mri(session, key(exam.id), checked_at=now - 4 * HOUR, by=NURSE, now=now)
        visit = log(session, pump, now, 2)
        withdraw_visit(session, key(visit.id), reason="another pump's", by=NURSE, now=now)
        assert exam.checked_at == now - 4 * HOUR


def test_an_amendment_takes_back_the_check_after_an_mri_or_makes_it(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        exam = log_mri(session, pump, performed_at=now - 30 * HOUR, by=NURSE, now=now)
        visit_id = key(log(session, pump, now, 2, refilled=True).id)

        def amend(**changes: Any) -> datetime | None:
            amend_visit(session, visit_id, changes, reason="it was so", by=OTHER, now=now)
            return exam.checked_at

        assert amend(analysed=False) is None
        assert amend(analysed=True) == now - 2 * HOUR
        assert amend(performed_at=now - 40 * HOUR) is None, "before the MRI"
        assert amend(performed_at=now - 3 * HOUR) == now - 3 * HOUR
        assert amend(performed_at=now - HOUR) == now - HOUR, "the check moves with its visit"
        withdraw_visit(session, visit_id, reason="another pump's", by=NURSE, now=now)
        assert exam.checked_at is None
