"""What a pump's record says once a visit was withdrawn or amended, whoever else was at work on it."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from tests.actions.build import NURSE, a_pump
from tests.actions.test_visits import HOUR, LESS, MORE, a_session, log
from tracker.actions.visits.amend_visit import amend_visit
from tracker.actions.visits.confirm_visit import confirm_visit
from tracker.actions.visits.draft_visit import draft_visit
from tracker.actions.visits.withdraw_visit import withdraw_visit
from tracker.errors import Conflict
from tracker.records import schema
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.records.visit import Visit

UNKNOWN = (None, None, None, None)
ENROLLED = ("morphine", None, None, None)


def contents(pump: Pump) -> tuple[Any, ...]:
    return (pump.drug, pump.concentration, pump.concentration_unit, pump.dose_per_day)


@pytest.mark.parametrize(("drug", "after"), [(None, UNKNOWN), ("morphine", ENROLLED)])
def test_withdrawing_the_only_prescription_leaves_what_was_known_before_it_and_no_more(
    database: Database, now: datetime, drug: str | None, after: tuple[Any, ...]
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now, drug=drug)
        visit = log(session, pump, now, reprogrammed=True, prescription_after=MORE)
        assert pump.drug == "baclofen"
        withdraw_visit(session, key(visit.id), reason="another patient's", by=NURSE, now=now)
        session.flush()
        session.expire_all()
        assert contents(session.get_one(Pump, pump.id)) == after


def test_a_prescription_that_an_amendment_takes_out_of_its_visit_leaves_the_pumps_record_too(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, drug="morphine")
        first = log(session, pump, now, reprogrammed=True, prescription_after=LESS)
        second = log(session, pump, now, performed_at=now - HOUR / 2, reprogrammed=True, prescription_after=MORE)
        for visit, left in ((second, "300"), (first, None)):
            amend_visit(session, key(visit.id), {"prescription_after": None}, reason="not changed", by=NURSE, now=now)
            assert pump.dose_per_day == left
        assert contents(pump) == ENROLLED


def test_a_confirmed_session_that_was_withdrawn_gives_back_what_was_recorded_before_it(
    sqlite_database: Database, now: datetime
) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now, drug="morphine")
        draft = draft_visit(session, a_session(session, pump, now, prescription_before=None), now)
        assert draft is not None
        confirm_visit(session, key(draft.id), by=NURSE, now=now)
        assert contents(pump)[0] == "baclofen"
        withdraw_visit(session, key(draft.id), reason="another patient's", by=NURSE, now=now)
        assert contents(pump) == ENROLLED


def test_of_two_people_at_once_nobody_confirms_what_the_other_withdrew(postgres_url: str, now: datetime) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    with database.writing() as session:
        pump = a_pump(session, now, drug=None)
        draft = draft_visit(session, a_session(session, pump, now), now)
        assert draft is not None
        visit_id = key(draft.id)
    answers: list[str] = []

    def try_to_confirm() -> None:
        try:
            with database.writing() as session:
                confirm_visit(session, visit_id, by=NURSE, now=now)
        except Conflict as told:
            answers.append(told.detail)

    with database.writing() as session:
        withdraw_visit(session, visit_id, reason="another patient's", by=NURSE, now=now)
        other = threading.Thread(target=try_to_confirm)
        other.start()
        wait_until_somebody_waits(database)
    other.join()
    with database.reading() as session:
        assert answers == ["the visit is withdrawn already"]
        assert session.get_one(Visit, visit_id).status == "withdrawn"
        assert contents(session.get_one(Pump, pump.id)) == UNKNOWN
    database.close()


def wait_until_somebody_waits(database: Database) -> None:
    """Until a transaction of this database waits for another one's lock."""
    asked = text(
        "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
    )
    end = time.monotonic() + timedelta(seconds=30).total_seconds()
    while time.monotonic() < end:
        with database.reading() as session:
            if session.execute(asked).scalar_one():
                return
        time.sleep(0.02)
    raise AssertionError("nobody waited")
