"""Alarms as reports carry them in."""

from __future__ import annotations

import threading
import time
from datetime import datetime, timedelta

from sqlmodel import Session, select

from tests.actions.build import NURSE, a_pump
from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.alarms.note_alarms import PumpReports, note_alarms, note_alarms_of_batch
from tracker.records.alarm import Alarm, AlarmEvent
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import Pump, PumpState

HOUR = timedelta(hours=1)


def tell(session: Session, pump: Pump, now: datetime, *reports: tuple[datetime, tuple[str, ...]]) -> None:
    """As ingest does: the alarms first, then the state moves forward."""
    note_alarms(session, key(pump.id), pump.drug, reports, now)
    state = session.get_one(PumpState, pump.id)
    newest = max(measured for measured, _ in reports)
    if state.measured_at is None or newest > state.measured_at:
        state.measured_at = newest
    session.add(state)
    session.flush()


def events(session: Session) -> list[str]:
    session.expire_all()
    return [event.kind for event in session.exec(select(AlarmEvent).order_by(AlarmEvent.id))]  # type: ignore[arg-type]


def only(session: Session) -> Alarm:
    session.expire_all()
    return session.exec(select(Alarm)).one()


def test_an_alarm_is_opened_seen_again_and_closed_when_the_pump_no_longer_reports_it(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        tell(session, pump, now, (now - 3 * HOUR, ("low_reservoir",)), (now - 2 * HOUR, ("low_reservoir",)))
        alarm = only(session)
        assert (alarm.count, alarm.first_seen_at, alarm.last_seen_at) == (2, now - 3 * HOUR, now - 2 * HOUR)
        assert alarm.closed_at is None
        tell(session, pump, now, (now - HOUR, ()))
        alarm = only(session)
        assert (alarm.cleared_at, alarm.closed_at) == (now - HOUR, now)
        assert events(session) == ["raised", "cleared", "closed"]


def test_a_latched_alarm_stays_open_after_the_pump_stops_reporting_it(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        tell(session, pump, now, (now - 2 * HOUR, ("motor_stall",)), (now - HOUR, ()))
        alarm = only(session)
        assert alarm.cleared_at == now - HOUR
        assert alarm.closed_at is None
        tell(session, pump, now, (now, ("motor_stall",)))
        alarm = only(session)
        assert alarm.cleared_at is None
        assert events(session) == ["raised", "cleared", "returned"]


def test_an_alarm_that_returns_needs_a_new_acknowledgment(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        tell(session, pump, now, (now - 3 * HOUR, ("motor_stall",)), (now - 2 * HOUR, ()))
        alarm = only(session)
        alarm.acknowledged_at, alarm.acknowledged_by = now - HOUR, "rn@north"
        session.add(alarm)
        session.flush()
        tell(session, pump, now, (now, ("motor_stall",)))
        assert only(session).acknowledged_at is None


def test_a_late_older_report_records_an_alarm_that_is_over_and_leaves_a_latched_one_for_a_person(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        tell(session, pump, now, (now, ()))
        tell(session, pump, now, (now - HOUR, ("low_reservoir", "motor_stall")))
        session.expire_all()
        kept = {alarm.code: alarm for alarm in session.exec(select(Alarm))}
        assert kept["low_reservoir"].closed_at == now
        assert kept["motor_stall"].closed_at is None
        assert kept["motor_stall"].cleared_at == now


def test_a_late_report_within_an_alarm_adds_to_it_and_opens_no_second_one(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        tell(session, pump, now, (now - 4 * HOUR, ("low_reservoir",)), (now - 2 * HOUR, ("low_reservoir",)), (now, ()))
        tell(session, pump, now + HOUR, (now - 3 * HOUR, ("low_reservoir",)))
        alarm = only(session)
        assert (alarm.count, alarm.closed_at) == (3, now)


def test_a_late_report_without_alarms_clears_nothing(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        tell(session, pump, now, (now, ("low_reservoir",)))
        tell(session, pump, now, (now - HOUR, ()))
        assert only(session).cleared_at is None


def test_the_priority_follows_the_drug(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pumps = [a_pump(session, now, serial=f"P{drug}", drug=drug) for drug in ("baclofen", "saline", None)]
        note_alarms_of_batch(
            session, [PumpReports(key(pump.id), pump.drug, [(now, ("empty_reservoir",))]) for pump in pumps], now
        )
        assert [alarm.priority for alarm in session.exec(select(Alarm).order_by(Alarm.id))] == [3, 2, 3]  # type: ignore[arg-type]


def test_an_acknowledgment_that_is_under_way_when_the_alarm_clears_is_not_lost(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        tell(session, pump, now, (now - HOUR, ("motor_stall",)))

    def clears() -> None:
        with database.writing() as session:
            tell(session, pump, now, (now, ()))

    ingest = threading.Thread(target=clears)
    with database.writing() as session:
        acknowledge_alarm(session, 1, by=NURSE, now=now)
        ingest.start()
        time.sleep(0.2)  # long enough for it to reach the row that this transaction holds
    ingest.join()
    with database.reading() as session:
        alarm = session.exec(select(Alarm)).one()
        assert (alarm.acknowledged_by, alarm.closed_at) == (NURSE, now)
