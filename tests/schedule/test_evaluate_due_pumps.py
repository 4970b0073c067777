"""The sweep over pumps that changed or are due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from tests.actions.build import a_clinic, a_history, a_pump, a_report
from tracker.actions.pumps.enrol_pump import Enrolment, enrol_pumps
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.determination import Determination
from tracker.records.forecast import Outlook
from tracker.records.pump import Pump, PumpState
from tracker.records.worklist import WorklistItem
from tracker.schedule.evaluate_due_pumps import THINK_ABOUT, evaluate_due_pumps

DAY = timedelta(days=1)
MINUTE = timedelta(minutes=1)


def lines(session: Session) -> dict[str, str]:
    open_ = session.exec(select(WorklistItem).where(col(WorklistItem.closed_at).is_(None)))
    return {item.kind: item.what for item in open_}


def determinations(session: Session) -> list[Determination]:
    return list(session.exec(select(Determination).order_by(col(Determination.id))))


def an_implanted_pump(database: Database, now: datetime, days: int = 120, **said: Any) -> Pump:
    with database.writing() as session:
        pump = a_pump(session, now - 365 * DAY, implanted_on=(now - 365 * DAY).date())
        a_history(session, pump, now, days, **said)
    return pump


def test_a_pump_that_reports_gets_an_outlook_and_a_determination_and_rests_until_tomorrow(
    database: Database, now: datetime
) -> None:
    pump = an_implanted_pump(database, now)
    assert evaluate_due_pumps(database, now) == 1
    with database.reading() as session:
        outlook = session.get_one(Outlook, pump.id)
        assert outlook.eos_median_at is not None
        assert outlook.eos_median_at > now + 365 * DAY
        assert outlook.empty_median_at is not None
        (determination,) = determinations(session)
        facts = {fact["name"]: fact for fact in determination.facts}
        assert facts["battery_nearing_end"]["value"] is False
        assert facts["impending_failure_notice"]["value"] is False
        assert facts["abuse_or_neglect"]["value"] is None
        assert session.get_one(PumpState, pump.id).evaluate_at == now + DAY
    assert evaluate_due_pumps(database, now) == 0


def test_sweeping_again_over_the_same_records_appends_no_second_determination_and_no_second_line(
    database: Database, now: datetime
) -> None:
    pump = an_implanted_pump(database, now, days=3, battery_indicator="eri", alarms=("elective_replacement",))
    for later in range(3):
        with database.writing() as session:
            state = session.get_one(PumpState, pump.id)
            state.evaluate_at = now + later * DAY / 24
            session.add(state)
        assert evaluate_due_pumps(database, now + later * DAY / 24) == 1
    with database.reading() as session:
        assert len(determinations(session)) == 1
        assert len(session.exec(select(WorklistItem)).all()) == 2


def test_a_replacement_indicator_meets_the_first_criterion_and_asks_for_what_is_missing(
    database: Database, now: datetime
) -> None:
    pump = an_implanted_pump(database, now)
    evaluate_due_pumps(database, now)
    with database.writing() as session:
        a_report(session, pump, now + DAY, 200, battery_indicator="eri", alarms=("elective_replacement",))
    assert evaluate_due_pumps(database, now + DAY) == 1
    with database.reading() as session:
        newest = determinations(session)[-1]
        assert newest.outcome == "needs_information"
        assert newest.missing == ["abuse_or_neglect"]
        battery = next(fact for fact in newest.facts if fact["name"] == "battery_nearing_end")
        assert battery["value"] is True
        assert battery["source"]["id"] == "1/200"
        assert lines(session) == {
            "battery": "Battery at ERI (replace soon)",
            "replacement": "Finish replacement paperwork",
        }


def test_a_line_is_closed_when_its_cause_is_gone(database: Database, now: datetime) -> None:
    pump = an_implanted_pump(database, now)
    with database.writing() as session:
        a_report(session, pump, now + DAY, 200, alarms=("memory_error",))
    evaluate_due_pumps(database, now + DAY)
    with database.reading() as session:
        assert "memory" in lines(session)
    with database.writing() as session:
        a_report(session, pump, now + 2 * DAY, 201)
    evaluate_due_pumps(database, now + 2 * DAY)
    with database.reading() as session:
        assert "memory" not in lines(session)
        closed = session.exec(select(WorklistItem)).one()
        assert (closed.closed_by, closed.closed_reason) == ("tracker", "resolved automatically")


def test_a_pump_that_reports_while_it_is_evaluated_stays_due(database: Database, now: datetime) -> None:
    from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations

    pump = an_implanted_pump(database, now)
    with database.reading() as session:
        evaluations = evaluate_pumps(session, [(key(pump.id), now)], now)
    with database.writing() as session:
        a_report(session, pump, now + DAY, 200)
    with database.writing() as session:
        save_evaluations(session, evaluations, now)
    with database.reading() as session:
        assert session.get_one(PumpState, pump.id).evaluate_at == now + DAY


def test_a_model_without_battery_is_never_asked_about_one(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now, model="codman-3000")
        a_report(
            session,
            pump,
            now,
            1,
            motor="none",
            battery_percent=None,
            battery_voltage_v=None,
            battery_indicator=None,
            flow_ml_per_day=None,
        )
    evaluate_due_pumps(database, now)
    with database.reading() as session:
        (determination,) = determinations(session)
        assert "battery_nearing_end" not in determination.missing


def test_more_pumps_than_one_set_holds_are_each_evaluated_once(database: Database, now: datetime) -> None:
    enrolments = [Enrolment(f"SN-{number}", "synchromed-ii-20", "b", "m") for number in range(THINK_ABOUT + 20)]
    with database.writing() as session:
        enrol_pumps(session, clinic_id=key(a_clinic(session, now).id), enrolments=enrolments, by="x", now=now)
    assert evaluate_due_pumps(database, now) == len(enrolments)
    assert evaluate_due_pumps(database, now) == 0
    with database.reading() as session:
        assert len(determinations(session)) == len(enrolments)


def test_a_sweep_in_several_processes_evaluates_each_pump_once(database: Database, now: datetime) -> None:
    enrolments = [Enrolment(f"SN-{number}", "synchromed-ii-20", "b", "m") for number in range(THINK_ABOUT + 20)]
    with database.writing() as session:
        enrol_pumps(session, clinic_id=key(a_clinic(session, now).id), enrolments=enrolments, by="x", now=now)
    assert evaluate_due_pumps(database, now, processes=2, alone_up_to=100) == len(enrolments)
    assert evaluate_due_pumps(database, now) == 0
    with database.reading() as session:
        assert len(determinations(session)) == len(enrolments)


def test_two_schedulers_that_evaluate_the_same_pump_at_once_append_nothing_twice(
    database: Database, now: datetime
) -> None:
    from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations

    pump = an_implanted_pump(database, now, days=3, battery_indicator="eri", alarms=("elective_replacement",))
    with database.reading() as session:
        one = evaluate_pumps(session, [(key(pump.id), now)], now)
        other = evaluate_pumps(session, [(key(pump.id), now)], now + MINUTE)
    with database.writing() as session:
        assert save_evaluations(session, one, now) == 1
    with database.writing() as session:
        assert save_evaluations(session, other, now + MINUTE) == 0
    with database.reading() as session:
        assert len(determinations(session)) == 1
        assert len(session.exec(select(WorklistItem)).all()) == 2
        assert session.get_one(Outlook, pump.id).computed_at == now
