"""Tasks and alarms in people's hands."""

from __future__ import annotations

import threading
from datetime import datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from tests.actions.build import NURSE, a_clinic, a_pump, a_report, refresh_worklist
from tests.build import a_visit
from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.alarms.assign_alarm import assign_alarm
from tracker.actions.alarms.end_snoozes import end_snoozes
from tracker.actions.alarms.escalate_alarms import escalate_alarms
from tracker.actions.alarms.snooze_alarm import snooze_alarm
from tracker.actions.staff.change_staff import change_staff
from tracker.actions.worklist.claim_item import claim_item
from tracker.actions.worklist.finish_item import finish_item
from tracker.actions.worklist.reassign_item import reassign_item
from tracker.actions.worklist.release_item import release_item
from tracker.errors import Conflict, Invalid
from tracker.records.alarm import Alarm, alarm_events
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.pump import Pump, PumpState
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem, worklist_events, worklist_page

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)
OTHER = "md@north.example"


def a_person(session: Session, now: datetime, email: str = OTHER, clinic: str = "North") -> Staff:
    person = Staff(
        clinic_id=key(a_clinic(session, now, clinic).id), email=email, name="P", role="nurse", created_at=now
    )
    session.add(person)
    session.flush()
    return person


def a_line(database: Database, now: datetime, alarm: str = "low_reservoir", **details: str) -> tuple[Pump, int]:
    with database.writing() as session:
        pump = a_pump(session, now, implanted_on=(now - 400 * DAY).date(), **details)
        a_report(session, pump, now, 1, alarms=(alarm,))
        refresh_worklist(session, [key(pump.id)], now)
        item = session.exec(select(WorklistItem)).one()
    return pump, key(item.id)


def open_lines(session: Session) -> list[str]:
    return [item.what for item in session.exec(select(WorklistItem).where(col(WorklistItem.closed_at).is_(None)))]


def test_of_two_people_who_claim_at_once_one_gets_the_line_and_the_other_is_told_who(
    database: Database, now: datetime
) -> None:
    _, item_id = a_line(database, now)
    barrier = threading.Barrier(2)
    answers: list[str] = []

    def try_to_claim(email: str) -> None:
        barrier.wait()
        try:
            with database.writing() as session:
                claim_item(session, item_id, by=email, now=now)
            answers.append("mine")
        except Conflict as told:
            answers.append(told.detail)

    threads = [threading.Thread(target=try_to_claim, args=(email,)) for email in (NURSE, OTHER)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with database.reading() as session:
        holder = session.get_one(WorklistItem, item_id).claimed_by
        assert sorted(answers) == sorted(["mine", f"{holder} has it since {now:%Y-%m-%d %H:%M} UTC"])
        assert [event.kind for event in worklist_events(session, item_id)] == ["opened", "claimed"]


def test_a_claimed_line_is_handed_over_or_released_by_its_holder_alone(
    sqlite_database: Database, now: datetime
) -> None:
    _, item_id = a_line(sqlite_database, now)
    with sqlite_database.writing() as session:
        a_person(session, now)
        a_person(session, now, "rn@south.example", "South")
        claim_item(session, item_id, by=NURSE, now=now)
        claim_item(session, item_id, by=NURSE, now=now)
        with pytest.raises(Conflict):
            reassign_item(session, item_id, to=OTHER, by="somebody@else", now=now)
        with pytest.raises(Conflict):
            release_item(session, item_id, by=OTHER, now=now)
        with pytest.raises(Invalid, match="nobody of this clinic"):
            reassign_item(session, item_id, to="rn@south.example", by=NURSE, now=now)
        assert reassign_item(session, item_id, to=OTHER, by=NURSE, now=now).claimed_by == OTHER
        assert release_item(session, item_id, by=OTHER, now=now).claimed_by is None


def test_a_line_done_with_a_reason_rests_and_comes_back_if_its_cause_still_stands(
    sqlite_database: Database, now: datetime
) -> None:
    pump, item_id = a_line(sqlite_database, now)
    with sqlite_database.writing() as session:
        with pytest.raises(Invalid):
            finish_item(session, item_id, reason="  ", by=NURSE, now=now)
        finish_item(session, item_id, reason="refill is booked for Tuesday", by=NURSE, now=now)
        refresh_worklist(session, [key(pump.id)], now + DAY)
        assert open_lines(session) == []
        refresh_worklist(session, [key(pump.id)], now + 8 * DAY)
        assert open_lines(session) == ["Reservoir low"]


def test_a_line_that_was_done_comes_back_at_once_when_it_grows_more_urgent(
    sqlite_database: Database, now: datetime
) -> None:
    pump, item_id = a_line(sqlite_database, now)
    with sqlite_database.writing() as session:
        finish_item(session, item_id, reason="refill is booked", by=NURSE, now=now)
        a_report(session, pump, now + HOUR, 2, alarms=("low_reservoir", "empty_reservoir"), reservoir_ml=0.0)
        refresh_worklist(session, [key(pump.id)], now + HOUR)
        assert open_lines(session) == ["Reservoir empty"]


def test_the_lines_of_a_person_whose_account_ends_are_everybodys_again(database: Database, now: datetime) -> None:
    _, item_id = a_line(database, now)
    with database.writing() as session:
        staff = a_person(session, now)
        claim_item(session, item_id, by=OTHER, now=now)
        change_staff(session, staff, name="A. Other", by=NURSE, now=now)
        assert session.get_one(WorklistItem, item_id).claimed_by == OTHER
        change_staff(session, staff, active=False, by=NURSE, now=now)
        assert worklist_events(session, item_id)[-1].kind == "released"
        assert claim_item(session, item_id, by=NURSE, now=now).claimed_by == NURSE


def test_an_alarm_that_nobody_answered_comes_back_when_it_is_escalated(
    sqlite_database: Database, now: datetime
) -> None:
    pump, item_id = a_line(sqlite_database, now)
    with sqlite_database.writing() as session:
        finish_item(session, item_id, reason="the ward knows", by=NURSE, now=now)
        escalate_alarms(session, now + DAY)
        refresh_worklist(session, [key(pump.id)], now + DAY)
        assert open_lines(session) == []
        escalate_alarms(session, now + 2 * DAY)
        refresh_worklist(session, [key(pump.id)], now + 2 * DAY)
        assert open_lines(session) == ["Reservoir low"]


def test_a_pump_that_falls_silent_again_and_a_new_draft_are_new_work(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now - 9 * DAY, drug="baclofen")
        a_report(session, pump, now - 3 * DAY, 1)
        state = session.get_one(PumpState, key(pump.id))
        state.link, state.last_contact_at = "disconnected", now - 3 * DAY
        a_visit(session, pump, status="draft", logged_at=now - DAY)
        refresh_worklist(session, [key(pump.id)], now)
        for item in session.exec(select(WorklistItem)).all():
            finish_item(session, key(item.id), reason="seen", by=NURSE, now=now)
        refresh_worklist(session, [key(pump.id)], now + HOUR)
        assert open_lines(session) == []
        state.last_contact_at = now + 2 * HOUR
        a_visit(session, pump, status="draft", logged_at=now + 2 * HOUR)
        refresh_worklist(session, [key(pump.id)], now + 9 * HOUR)
        assert sorted(open_lines(session)) == ["Confirm 2 visits", "No data from pump"]


def test_the_worklist_is_ordered_by_priority_then_by_when_harm_is_expected(database: Database, now: datetime) -> None:
    alarms = [("memory_error", 0), ("low_reservoir", 1), ("motor_stall", 0), ("low_reservoir", 9), ("motor_stall", 5)]
    with database.writing() as session:
        for number, (code, ago) in enumerate(alarms):
            pump = a_pump(session, now, serial=f"SN-{number}")
            a_report(session, pump, now - ago * HOUR, 1, alarms=(code,))
            refresh_worklist(session, [key(pump.id)], now)
        whole = worklist_page(session, 1, now, 50)
        assert [item.pump_id for item in whole] == [5, 3, 4, 2, 1]
        first = worklist_page(session, 1, now, 2)
        last = first[-1]
        rest = worklist_page(session, 1, now, 50, (last.priority, last.harm_at, key(last.id)))
        assert [item.id for item in first + rest] == [item.id for item in whole]


def test_alarms_of_one_cause_are_one_line(sqlite_database: Database, now: datetime) -> None:
    with sqlite_database.writing() as session:
        pump = a_pump(session, now)
        a_report(session, pump, now, 1, alarms=("motor_stall", "stopped_over_48h", "tube_set"), motor="stalled")
        refresh_worklist(session, [key(pump.id)], now)
        assert len(open_lines(session)) == 1


def test_an_acknowledged_alarm_stays_open_while_it_is_active_and_one_that_is_over_closes(
    sqlite_database: Database, now: datetime
) -> None:
    pump, _ = a_line(sqlite_database, now, "motor_stall")
    with sqlite_database.writing() as session:
        alarm = acknowledge_alarm(session, 1, by=NURSE, now=now)
        assert alarm.closed_at is None
        with pytest.raises(Conflict, match="acknowledged it"):
            acknowledge_alarm(session, 1, by=OTHER, now=now)
        a_report(session, pump, now + HOUR, 2)
        session.expire_all()
        assert session.get_one(Alarm, 1).closed_at == now + HOUR
        refresh_worklist(session, [key(pump.id)], now + HOUR)
        assert open_lines(session) == []


def test_an_alarm_of_high_priority_is_never_snoozed(sqlite_database: Database, now: datetime) -> None:
    a_line(sqlite_database, now, "motor_stall")
    with sqlite_database.writing() as session, pytest.raises(Conflict, match="can't be snoozed"):
        snooze_alarm(session, 1, until=now + HOUR, reason="later", by=NURSE, now=now)


def test_a_snooze_takes_the_line_off_the_list_for_a_limited_time_and_needs_a_reason(
    database: Database, now: datetime
) -> None:
    pump, _ = a_line(database, now)
    with database.writing() as session:
        with pytest.raises(Invalid, match="within 3 days"):
            snooze_alarm(session, 1, until=now + 4 * DAY, reason="refill booked", by=NURSE, now=now)
        with pytest.raises(Invalid, match="say why"):
            snooze_alarm(session, 1, until=now + DAY, reason="", by=NURSE, now=now)
        acknowledge_alarm(session, 1, by=NURSE, now=now)
        snooze_alarm(session, 1, until=now + 2 * DAY, reason="refill booked", by=NURSE, now=now)
        refresh_worklist(session, [key(pump.id)], now)
        assert worklist_page(session, 1, now + DAY, 10) == []
        assert end_snoozes(session, now + DAY) == 0
        assert end_snoozes(session, now + 2 * DAY) == 1
        refresh_worklist(session, [key(pump.id)], now + 2 * DAY)
        assert len(worklist_page(session, 1, now + 2 * DAY, 10)) == 1
        alarm = session.get_one(Alarm, 1)
        assert alarm.acknowledged_at is None, "after so long the acknowledgment no longer counts"
        assert [event.kind for event in alarm_events(session, 1)] == ["raised", "acknowledged", "snoozed", "woken"]


def test_a_snoozed_line_comes_back_when_it_grows_more_urgent(sqlite_database: Database, now: datetime) -> None:
    pump, _ = a_line(sqlite_database, now)
    with sqlite_database.writing() as session:
        snooze_alarm(session, 1, until=now + 2 * DAY, reason="refill booked", by=NURSE, now=now)
        a_report(session, pump, now + HOUR, 2, alarms=("low_reservoir", "empty_reservoir"), reservoir_ml=0.0)
        refresh_worklist(session, [key(pump.id)], now + HOUR)
        (line,) = worklist_page(session, 1, now + HOUR, 10)
        assert (line.what, line.priority) == ("Reservoir empty", 3)


def test_an_alarm_that_nobody_acknowledges_is_escalated_once(database: Database, now: datetime) -> None:
    a_line(database, now)
    with database.writing() as session:
        assert escalate_alarms(session, now + DAY) == 0
        assert escalate_alarms(session, now + 2 * DAY) == 1
        assert escalate_alarms(session, now + 3 * DAY) == 0
        assert session.get_one(Alarm, 1).priority == 3


def test_an_alarm_is_assigned_within_the_clinic_alone(sqlite_database: Database, now: datetime) -> None:
    a_line(sqlite_database, now)
    with sqlite_database.writing() as session:
        a_person(session, now)
        a_person(session, now, "rn@south.example", "South")
        assert assign_alarm(session, 1, to=OTHER.upper(), by=NURSE, now=now).assignee == OTHER
        with pytest.raises(Invalid):
            assign_alarm(session, 1, to="rn@south.example", by=NURSE, now=now)
