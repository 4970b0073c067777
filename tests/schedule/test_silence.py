"""Who is heard of and who fell silent."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from sqlmodel import Session, col, select

from tests.actions.build import a_pump, a_report
from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.alarms.escalate_alarms import escalate_alarms
from tracker.actions.pumps.suspend_reporting import suspend_reporting
from tracker.records.alarm import Alarm, alarm_events
from tracker.records.database import Database
from tracker.records.finding import FindingRecord
from tracker.records.pump import Pump, PumpState, look_again
from tracker.records.worklist import OUTAGE, WorklistItem
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.silence import note_silence

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def some_pumps(database: Database, now: datetime, count: int, **details: Any) -> list[Pump]:
    with database.writing() as session:
        pumps = [a_pump(session, now, serial=f"SN-{number}", **details) for number in range(count)]
        for pump in pumps:
            a_report(session, pump, now, 1)
    return pumps


def links(database: Database) -> list[str]:
    with database.reading() as session:
        return [state.link for state in session.exec(select(PumpState).order_by(col(PumpState.pump_id)))]


def open_lines(session: Session) -> list[WorklistItem]:
    chosen = select(WorklistItem).where(col(WorklistItem.closed_at).is_(None), WorklistItem.kind == "contact")
    return list(session.exec(chosen.order_by(col(WorklistItem.id))))


def unattended(session: Session) -> list[str]:
    rows = session.exec(select(FindingRecord).where(FindingRecord.kind == "alarm_unattended"))
    return [row.sentence for row in rows]


def test_a_pump_is_connected_then_late_then_disconnected_and_connected_again(database: Database, now: datetime) -> None:
    (pump,) = some_pumps(database, now, 1)
    for after, link in ((HOUR, "connected"), (37 * HOUR, "late"), (73 * HOUR, "disconnected")):
        note_silence(database, now + after)
        assert links(database) == [link]
    evaluate_due_pumps(database, now + 73 * HOUR)
    with database.reading() as session:
        (line,) = open_lines(session)
        assert line.what == "No data from pump"
        assert "last measured 2026-11-22 10:00 UTC" in line.why
    with database.writing() as session:
        a_report(session, pump, now + 74 * HOUR, 2)
    note_silence(database, now + 74 * HOUR)
    evaluate_due_pumps(database, now + 74 * HOUR)
    assert links(database) == ["connected"]
    with database.reading() as session:
        assert open_lines(session) == []


def test_silence_that_was_announced_is_no_silence(database: Database, now: datetime) -> None:
    (pump,) = some_pumps(database, now, 1)
    with database.writing() as session:
        stored = session.get_one(Pump, pump.id)
        stored.suspended_until, stored.suspended_reason = now + 30 * DAY, "abroad without the communicator"
        session.add(stored)
    note_silence(database, now + 10 * DAY)
    assert links(database) == ["suspended"]
    note_silence(database, now + 31 * DAY)
    assert links(database) == ["disconnected"]


def test_a_short_interval_is_given_a_minute_of_grace(database: Database, now: datetime) -> None:
    some_pumps(database, now, 1, report_interval_s=5)
    note_silence(database, now + timedelta(seconds=80))
    assert links(database) == ["connected"]
    note_silence(database, now + timedelta(seconds=200))
    assert links(database) == ["disconnected"]


def test_a_clinic_wide_outage_is_one_line_and_its_end_closes_it(database: Database, now: datetime) -> None:
    pumps = some_pumps(database, now, 6, drug="saline")
    later = now + 4 * DAY
    note_silence(database, later)
    evaluate_due_pumps(database, later)
    with database.reading() as session:
        (line,) = open_lines(session)
        assert (line.key, line.pump_id, line.priority) == (OUTAGE, None, 3)
    with database.writing() as session:
        for pump in pumps[:5]:
            a_report(session, pump, later + HOUR, 2)
    note_silence(database, later + HOUR)
    evaluate_due_pumps(database, later + HOUR)
    with database.reading() as session:
        (line,) = open_lines(session)
        assert line.pump_id == pumps[5].id


def test_an_alarm_is_raised_again_when_a_long_suspension_ends(database: Database, now: datetime) -> None:
    (pump,) = some_pumps(database, now, 1)
    with database.writing() as session:
        a_report(session, pump, now + HOUR, 2, alarms=("motor_stall",))
        acknowledge_alarm(session, 1, by="rn@north.example", now=now + HOUR)
        suspend_reporting(session, session.get_one(Pump, pump.id), until=now + 9 * DAY, reason="in hospital", now=now)
    note_silence(database, now + 2 * HOUR)
    assert links(database) == ["suspended"]
    note_silence(database, now + 10 * DAY)
    with database.reading() as session:
        alarm = session.get_one(Alarm, 1)
        assert alarm.acknowledged_at is None
        assert alarm_events(session, 1)[-1].kind == "woken"
    woken = now + 10 * DAY
    evaluate_due_pumps(database, woken + HOUR / 2)
    with database.writing() as session:
        assert unattended(session) == [], "what was acknowledged at once is held against nobody"
        assert escalate_alarms(session, woken + HOUR / 2) == 0, "whoever is told again has the whole time to answer"
        assert escalate_alarms(session, woken + 2 * HOUR) == 1
        look_again(session, [pump.id or 0], woken + 30 * DAY)
    evaluate_due_pumps(database, woken + 30 * DAY)
    with database.reading() as session:
        assert unattended(session) == ["Motor stalled: nobody acknowledged it for 30 days."]
