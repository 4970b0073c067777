"""The lease: who leads, what a leader that was replaced may still write, and what a step of the clock changes."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.build import NOW, a_clinic, a_pump, a_state, an_alarm, an_item
from tracker.actions.alarms.escalate_alarms import ANSWER_WITHIN
from tracker.records import schema
from tracker.records.alarm import Alarm
from tracker.records.database import Database
from tracker.records.job import JobRun
from tracker.records.lease import lease, take
from tracker.records.pump import PumpState
from tracker.records.worklist import WorklistItem
from tracker.schedule.alarms import tend_alarms
from tracker.schedule.clock_set_back import forget_the_future
from tracker.schedule.clock_watch import ClockWatch
from tracker.schedule.fenced_database import FencedDatabase, LostLead
from tracker.schedule.leader import LAPSES_S, LEASE, Leadership
from tracker.schedule.silence import note_silence


class Seconds:
    """A monotonic clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_a_leader_that_does_not_renew_is_replaced_after_its_count_stood_still(database: Database) -> None:
    seconds = Seconds()
    first, second = Leadership(database, seconds), Leadership(database, seconds)
    assert first.hold()
    assert not second.hold()
    seconds.now += LAPSES_S - 1
    first.hold()
    assert not second.hold()
    seconds.now += LAPSES_S - 1
    assert not second.hold()
    seconds.now += 1
    assert second.hold()
    assert not first.hold()


def test_nothing_of_a_leader_that_was_replaced_is_committed(database: Database) -> None:
    leads = Leadership(database)
    assert leads.hold()
    fenced = FencedDatabase(database.url.render_as_string(hide_password=False), LEASE, leads.fence or 0)
    with fenced.writing() as session:
        session.add(JobRun(name="kept", started_at=NOW))
    with database.writing() as session:
        assert take(session, LEASE, "another", lease(session, LEASE)) is not None
    with pytest.raises(LostLead), fenced.writing() as session:
        session.add(JobRun(name="undone", started_at=NOW))
    with database.reading() as session:
        assert session.get(JobRun, "kept") is not None
        assert session.get(JobRun, "undone") is None
    fenced.close()


def test_a_leader_replaced_in_the_middle_of_a_write_commits_nothing(postgres_url: str) -> None:
    postgres_database = Database(postgres_url)
    schema.upgrade(postgres_database)
    leads = Leadership(postgres_database)
    assert leads.hold()

    fenced = FencedDatabase(postgres_url, LEASE, leads.fence or 0)

    def write_while_another_takes_the_lead() -> None:
        with fenced.writing() as session:
            session.add(JobRun(name="undone", started_at=NOW))
            session.flush()
            with postgres_database.writing() as other:
                take(other, LEASE, "another", lease(other, LEASE))

    with pytest.raises(LostLead):
        write_while_another_takes_the_lead()
    with postgres_database.reading() as session:
        assert session.get(JobRun, "undone") is None
    fenced.close()
    postgres_database.close()


@pytest.mark.parametrize("step", [3600.0, -3600.0, 2.0, -2.0])
def test_a_step_of_the_clock_is_told_once(step: float) -> None:
    wall, seconds = Seconds(), Seconds()
    watch = ClockWatch(wall, seconds)
    for clock in (wall, seconds):
        clock.now += 5
    assert watch.step_s() == 0
    wall.now += step
    assert watch.step_s() == pytest.approx(step)
    assert watch.step_s() == 0


def test_after_the_clock_was_set_back_silence_and_escalation_wait_no_longer_than_ever(database: Database) -> None:
    with database.writing() as session:
        clinic = a_clinic(session)
        pump = a_pump(session, clinic, report_interval_s=300)
        late = NOW + timedelta(hours=6)
        state = a_state(session, pump, last_contact_at=late, measured_at=late, link="connected", evaluate_at=late)
        alarm = an_alarm(session, pump, opened_at=late)
        item = an_item(session, clinic, pump, changed_at=late)
        pump_id, alarm_id, item_id = state.pump_id, alarm.id, item.id
    assert forget_the_future(database, NOW) > 0
    with database.reading() as session:
        assert session.get_one(PumpState, pump_id).last_contact_at == NOW
        assert session.get_one(Alarm, alarm_id).opened_at == NOW
        assert session.get_one(WorklistItem, item_id).changed_at == NOW
    soon = NOW + timedelta(seconds=300 * 3 + 60)
    assert note_silence(database, soon) == 1
    assert tend_alarms(database, NOW + max(ANSWER_WITHIN.values())) > 0
