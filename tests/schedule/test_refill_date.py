"""A port meters nothing: its refill is asked for only once somebody has said how long a fill lasts."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

from sqlmodel import Session, col, select

from tests.actions.build import NURSE, a_clinic, a_pump, a_report
from tracker.actions.pumps.change_record import change_record
from tracker.actions.visits.log_visit import log_visit
from tracker.records.database import Database
from tracker.records.finding import FindingRecord
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump
from tracker.records.worklist import WorklistItem
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps

DAY = timedelta(days=1)


def lines(database: Database) -> dict[str, str]:
    with database.reading() as session:
        open_ = session.exec(select(WorklistItem).where(col(WorklistItem.closed_at).is_(None)))
        return {item.key.rsplit(":", 1)[-1]: item.next_step for item in open_}


def a_port(session: Session, now: datetime) -> Pump:
    pump = a_pump(session, now - 80 * DAY, model="subcutaneous-reservoir", drug="morphine")
    said = {"battery_percent": None, "battery_voltage_v": None, "battery_indicator": None, "flow_ml_per_day": None}
    a_report(session, pump, now - DAY, 1, reservoir_ml=2.0, **said)
    return pump


def test_a_port_is_a_line_until_its_fill_has_a_limit_and_a_day_and_then_comes_due_before_that_limit(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_port(session, now)
    evaluate_due_pumps(database, now)
    assert "Set the longest stay" in lines(database)["refill_date"]
    assert "Log the last refill." in lines(database)["refill_date"]
    with database.writing() as session:
        change_record(session, session.get_one(Pump, pump.id), {"refill_cap_days": 60}, now)
    evaluate_due_pumps(database, now)
    assert lines(database)["refill_date"] == "Log the last refill."
    with database.writing() as session:
        log_visit(session, session.get_one(Pump, pump.id), performed_at=now, refilled=True, by=NURSE, now=now)
    evaluate_due_pumps(database, now)
    assert lines(database) == {}
    evaluate_due_pumps(database, now + 49 * DAY)
    assert "reservoir" not in lines(database)
    evaluate_due_pumps(database, now + 51 * DAY)
    assert "reservoir" in lines(database)


def test_a_limit_of_the_clinics_own_is_enough(database: Database, now: datetime) -> None:
    with database.writing() as session:
        clinic = a_clinic(session, now)
        clinic.refill_cap_days = 60
        session.add(clinic)
        pump = a_port(session, now)
        log_visit(session, pump, performed_at=now - DAY, refilled=True, by=NURSE, now=now)
    evaluate_due_pumps(database, now)
    assert lines(database) == {}


def test_an_unlogged_refill_counts_as_the_last_one_long_after_the_reports_that_showed_it(
    database: Database, now: datetime
) -> None:
    start = now - 200 * DAY
    with database.writing() as session:
        pump = a_pump(session, start, serial="SN-9", model="synchromed-ii-40", drug="morphine")
        log_visit(session, pump, performed_at=start, refilled=True, filled_ml=40.0, by=NURSE, now=start)
        for day in range(1, 104):
            left = 40.0 - 0.1 * (day if day < 100 else day - 100)
            a_report(session, pump, start + day * DAY, day, reservoir_ml=round(left, 2), flow_ml_per_day=0.1)
    evaluate_due_pumps(database, start + 103 * DAY)
    with database.writing() as session:
        for day in range(104, 201):
            left = 40.0 - 0.1 * (day - 100)
            a_report(session, pump, start + day * DAY, day, reservoir_ml=round(left, 2), flow_ml_per_day=0.1)
    evaluate_due_pumps(database, now)
    with database.reading() as session:
        outlook = session.get_one(Outlook, pump.id)
        rises = [after[1] > before[1] for before, after in pairwise(outlook.reservoir_points)]
        assert not any(rises), "the reports that showed the refill are no longer kept"
        assert outlook.filled_at == start + 100 * DAY
        found = session.exec(select(col(FindingRecord.kind))).all()
    assert "unlogged_refill" in found
    assert "late_refill" not in found
