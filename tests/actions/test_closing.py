"""Closing, noting and handing over tasks while their cause lasts; alarms rated again."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlmodel import select

from tests.actions.build import NURSE, a_pump, a_report, refresh_worklist
from tests.actions.test_work import DAY, HOUR, OTHER, a_line, a_person, open_lines
from tracker.actions.alarms.acknowledge_alarm import acknowledge_alarm
from tracker.actions.alarms.assign_alarm import assign_alarm
from tracker.actions.alarms.snooze_alarm import snooze_alarm
from tracker.actions.pumps.evaluate_pumps import evaluate_pumps, save_evaluations
from tracker.actions.worklist.claim_item import claim_item
from tracker.actions.worklist.finish_item import finish_item
from tracker.actions.worklist.note_item import note_item
from tracker.actions.worklist.reassign_item import reassign_item
from tracker.errors import Conflict, Invalid
from tracker.records.alarm import Alarm, AlarmEvent
from tracker.records.column_types import key
from tracker.records.database import Database
from tracker.records.worklist import WorklistItem, worklist_events, worklist_page


def test_nobody_closes_a_stall_while_it_lasts_and_one_that_is_over_and_seen_resolves_itself(
    database: Database, now: datetime
) -> None:
    with database.writing() as session:
        pump = a_pump(session, now)
        a_report(session, pump, now, 1, alarms=("motor_stall",), motor="stalled")
        refresh_worklist(session, [key(pump.id)], now)
        (alarm,) = session.exec(select(Alarm))
        acknowledge_alarm(session, key(alarm.id), reason="an MRI", by=NURSE, now=now + HOUR)
        (item,) = session.exec(select(WorklistItem))
        with pytest.raises(Conflict, match="stays open until it no longer does"):
            finish_item(session, key(item.id), reason="an MRI; it will run again", by=NURSE, now=now + HOUR)
        assert claim_item(session, key(item.id), by=NURSE, now=now).claimed_by == NURSE
        note_item(session, key(item.id), note="patient is at the MRI", by=NURSE, now=now)
        with pytest.raises(Invalid):
            note_item(session, key(item.id), note=" ", by=NURSE, now=now)
        a_report(session, pump, now + 2 * HOUR, 2)
        refresh_worklist(session, [key(pump.id)], now + 2 * HOUR)
        assert open_lines(session) == []
        assert [one.kind for one in worklist_events(session, key(item.id))] == [
            "opened",
            "claimed",
            "noted",
            "cause gone",
        ]
        a_report(session, pump, now + 7 * HOUR, 3, alarms=("motor_stall",), motor="stalled")
        refresh_worklist(session, [key(pump.id)], now + 7 * HOUR)
        assert open_lines(session) == ["Motor stalled"]


def test_what_lies_beneath_an_urgent_task_is_asked_again_when_somebody_closes_it(
    sqlite_database: Database, now: datetime
) -> None:
    pump, item_id = a_line(sqlite_database, now, "motor_stall")
    with sqlite_database.writing() as session:
        a_report(session, pump, now + HOUR, 2)
        acknowledge_alarm(session, 1, reason="seen", by=NURSE, now=now + HOUR)
        finish_item(session, item_id, reason="it runs again", by=NURSE, now=now + HOUR)
        assert open_lines(session) == [], "the list was not refreshed yet, the records were asked"


def test_an_open_alarm_is_rated_again_when_the_drug_is_corrected(database: Database, now: datetime) -> None:
    with database.writing() as session:
        pump = a_pump(session, now, drug="bupivacaine")
        a_report(session, pump, now, 1, alarms=("empty_reservoir",), reservoir_ml=0.0)
        snooze_alarm(session, 1, until=now + DAY, reason="refill today", by=NURSE, now=now)
        assert session.get_one(Alarm, 1).priority == 2
        pump.drug = "baclofen"
        session.add(pump)
        save_evaluations(session, evaluate_pumps(session, [(key(pump.id), now)], now), now)
        session.expire_all()
        alarm = session.get_one(Alarm, 1)
        assert (alarm.priority, alarm.snoozed_until) == (3, None)
        assert [event.kind for event in session.exec(select(AlarmEvent))][-1] == "rated"
        (line,) = [item for item in worklist_page(session, 1, now, 10) if item.kind == "reservoir"]
        assert line.priority == 3


def test_a_clinical_task_is_handed_over_to_those_who_do_clinical_work(sqlite_database: Database, now: datetime) -> None:
    _, item_id = a_line(sqlite_database, now)
    with sqlite_database.writing() as session:
        person = a_person(session, now)
        person.role = "biller"
        session.add(person)
        with pytest.raises(Invalid, match="clinical work"):
            reassign_item(session, item_id, to=OTHER, by=NURSE, now=now)
        with pytest.raises(Invalid, match="clinical work"):
            assign_alarm(session, 1, to=OTHER, by=NURSE, now=now)
