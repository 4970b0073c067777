"""What one pump may bring in a minute and in a day: what is over waits on its communicator, and harms nobody else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest
from sqlmodel import select

from tests.ingest.conftest import NOW, Desk, sent, session, status
from tracker.findings.budget_seen import OVER_FOR
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.budget_limits import DEFAULT, Budget, Limits
from tracker.records.budget import PumpBudget
from tracker.records.database import Database
from tracker.records.delivery import DeliveryMark
from tracker.records.worklist import WorklistItem
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps
from tracker.schedule.silence import note_silence

SMALL = Budget(Limits(10, 3, 2, 400), Limits(25, 5, 3, 1000), 200)
MINUTE = timedelta(minutes=1)


class SmallDesk(Desk):
    """A desk where ten messages a minute and 25 a day are all that a pump may bring."""

    def __init__(self, database: Database, budget: Budget = SMALL) -> None:
        super().__init__(database)
        self.budget = budget
        self.ledger = Ledger(database, 1000, budget)

    def restart(self) -> None:
        self.ledger.close()
        self.ledger = Ledger(self.database, 1000, self.budget)

    def used(self) -> PumpBudget:
        (row,) = self.all_of(PumpBudget)
        assert isinstance(row, PumpBudget)
        return row

    def budget_items(self, now: datetime) -> list[WorklistItem]:
        evaluate_due_pumps(self.database, now)
        with self.database.reading() as opened:
            found = opened.exec(select(WorklistItem).where(WorklistItem.closed_at.is_(None))).all()  # type: ignore[union-attr]
        return [one for one in found if "sends more than it may" in one.what]


@pytest.fixture
def small(database: Database) -> Iterator[SmallDesk]:
    desk = SmallDesk(database)
    yield desk
    desk.ledger.close()


def test_what_is_over_the_minutes_budget_is_neither_stored_nor_receipted_and_is_taken_later(small: SmallDesk) -> None:
    done = small.reports(*(status(seq) for seq in range(1, 16)))
    assert (len(small.readings()), done.held, small.mark()) == (10, 5, (10, []))
    ((serial, epoch, marks),) = done.receipts
    assert (serial, epoch, marks.receipt()) == ("PUMP-1", 1, (10, ()))
    small.reports(*(status(seq) for seq in range(11, 16)), now=NOW + MINUTE)
    assert (len(small.readings()), small.mark()) == (15, (15, []))
    assert small.state().received == 15


def test_a_days_budget_ends_with_the_day(small: SmallDesk) -> None:
    for minute in range(4):
        first = 10 * minute + 1
        small.reports(*(status(seq) for seq in range(first, first + 10)), now=NOW + minute * MINUTE)
    assert small.mark() == (25, [])
    small.reports(*(status(seq) for seq in range(26, 36)), now=NOW + timedelta(hours=14))
    assert small.mark() == (35, [])


def test_the_budget_outlives_a_restart_of_ingest(small: SmallDesk) -> None:
    small.reports(*(status(seq) for seq in range(1, 9)))
    small.restart()
    small.reports(*(status(seq) for seq in range(9, 17)))
    assert small.mark() == (10, [])


def test_two_workers_that_share_a_pumps_messages_hold_one_budget(small: SmallDesk) -> None:
    other = Ledger(small.database, 1000, SMALL)
    try:
        for first in range(1, 21, 4):
            small.reports(*(status(seq) for seq in (first, first + 1)))
            other.write([sent(status(seq)) for seq in (first + 2, first + 3)], NOW)
    finally:
        other.close()
    assert small.mark() == (10, [])


def test_messages_that_come_again_use_nothing_up(small: SmallDesk) -> None:
    for _ in range(5):
        small.reports(*(status(seq) for seq in range(1, 6)))
    small.reports(*(status(seq) for seq in range(6, 11)))
    assert small.mark() == (10, [])


def test_another_pump_has_a_budget_of_its_own(small: SmallDesk) -> None:
    small.write(*(sent(status(seq)) for seq in range(1, 31)), *(sent(status(seq), "PUMP-2") for seq in range(1, 9)))
    assert small.mark(serial="PUMP-2") == (8, [])


def test_sessions_have_a_budget_and_reports_beside_them_are_taken(small: SmallDesk) -> None:
    many = [sent(session(seq), kind="session") for seq in range(1, 7)]
    small.write(*many, sent(status(7)))
    assert small.mark() == (3, [[7, 7]])
    small.write(*many, now=NOW + MINUTE)
    assert small.mark() == (5, [[7, 7]])
    small.write(*many, now=NOW + timedelta(hours=14))
    assert small.mark() == (7, [])


def test_of_an_epoch_over_the_budget_no_receipt_speaks(small: SmallDesk) -> None:
    small.reports(status(1))
    done = small.reports(*(status(1, epoch=epoch) for epoch in range(2, 8)))
    assert sorted(mark.epoch for mark in small.all_of(DeliveryMark)) == [1, 2, 3]
    assert sorted(epoch for _, epoch, _ in done.receipts) == [2, 3]
    small.reports(status(1, epoch=7), now=NOW + MINUTE)
    assert sorted(mark.epoch for mark in small.all_of(DeliveryMark)) == [1, 2, 3, 7]


def test_an_epoch_of_refused_messages_counts_too(small: SmallDesk) -> None:
    small.reports(status(1))
    small.reports(*({"epoch": epoch, "seq": 1} for epoch in range(2, 8)))
    assert sorted(mark.epoch for mark in small.all_of(DeliveryMark)) == [1, 2, 3]
    assert len(small.rejected()) == 2


@pytest.mark.parametrize("numbered", [True, False])
def test_refused_bytes_over_the_budget_are_not_kept_and_no_receipt_covers_them(
    small: SmallDesk, numbered: bool
) -> None:
    texts = [f'{{"epoch": 1, "seq": {seq}, "no": "{"x" * 60}"}}' if numbered else f"{seq:0100d}" for seq in range(1, 9)]
    done = small.write(*(sent(each.encode()) for each in texts))
    assert sum(len(one.payload) for one in small.rejected()) <= 400
    assert done.held == 8 - len(small.rejected()) > 0
    if numbered:
        assert small.mark() == (len(small.rejected()), [])
    small.write(sent(status(20)))
    assert len(small.readings()) == 1


def test_a_message_refused_by_its_model_counts_in_bytes_as_any_other(small: SmallDesk) -> None:
    small.reports(*(status(seq, reservoir_ml=-1) for seq in range(1, 9)))
    assert len(small.rejected()) == 1
    assert small.mark() == (1, [])


def test_a_real_backlog_of_weeks_is_under_every_budget(database: Database) -> None:
    desk = SmallDesk(database, DEFAULT)
    try:
        for first in range(1, 8001, 4000):
            at = [NOW - timedelta(minutes=5 * (8001 - seq)) for seq in range(first, first + 4000)]
            done = desk.reports(*(status(seq, measured_at=when.isoformat()) for seq, when in enumerate(at, first)))
            assert done.held == 0
        assert desk.mark() == (8000, [])
    finally:
        desk.ledger.close()


def test_few_reports_leave_no_row_behind(database: Database) -> None:
    desk = SmallDesk(database, DEFAULT)
    try:
        desk.reports(*(status(seq) for seq in range(1, 50)))
        assert desk.all_of(PumpBudget) == []
    finally:
        desk.ledger.close()


def test_many_small_batches_are_counted_as_one_large_one_is(database: Database) -> None:
    desk = SmallDesk(database, Budget(Limits(200, 3, 2, 400), Limits(300, 5, 3, 1000), 200))
    try:
        for seq in range(1, 400):
            desk.reports(status(seq), now=NOW if seq < 220 else NOW + MINUTE)
        assert desk.mark()[0] == 200
        assert 300 <= len(desk.readings()) <= 304  # a fiftieth of a minute's may be counted later
    finally:
        desk.ledger.close()


def test_a_pump_over_its_budget_is_one_task_that_closes_by_itself(small: SmallDesk) -> None:
    small.reports(*(status(seq) for seq in range(1, 16)))
    small.reports(*(status(seq) for seq in range(11, 16)))
    (item,) = small.budget_items(NOW + timedelta(seconds=5))
    assert item.kind == "contact"
    assert "10 messages a minute" in item.why
    assert "Not taken so far: 10 messages" in item.why
    assert small.budget_items(NOW + OVER_FOR + timedelta(minutes=1)) == []


def test_a_stall_in_a_message_that_waits_is_told_at_once(small: SmallDesk) -> None:
    small.reports(*(status(seq) for seq in range(1, 11)))
    small.reports(status(11, motor="stalled", alarms=["motor_stall"]))
    note_silence(small.database, NOW + timedelta(seconds=5))
    evaluate_due_pumps(small.database, NOW + timedelta(seconds=5))
    (item,) = [one for one in small.all_of(WorklistItem) if one.what.startswith("A report that waits names: ")]
    assert item.kind == "contact"
    assert "waits on the communicator" in item.why
    stored = small.state()
    assert stored.refused_alarms == "motor_stall,stalled"
    small.reports(status(11, motor="stalled", alarms=["motor_stall"]), now=NOW + MINUTE)
    small.reports(status(12, measured_at=(NOW + MINUTE).isoformat()), now=NOW + MINUTE)
    assert small.state().refused_alarms == ""


def test_a_pump_whose_reports_all_wait_is_heard_and_not_measured(small: SmallDesk) -> None:
    small.reports(*(status(seq) for seq in range(1, 11)))
    later = NOW + timedelta(seconds=30)
    small.reports(status(11), now=later)
    state = small.state()
    assert (state.last_contact_at, state.understood_at, state.unmeasured_by) == (later, NOW, "held")
