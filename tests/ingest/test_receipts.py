"""Receipts go out once a second for a pump at the most, always the newest, and none is dropped."""

from __future__ import annotations

from datetime import UTC, datetime

from devices.report import Receipt
from devices.wire import decode_receipt
from tracker.ingest.receipts import Receipts
from tracker.records.delivery_ranges import Marks

AT = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


class Broker:
    """Takes what is published, unless it is away."""

    def __init__(self) -> None:
        self.away = False
        self.taken: list[tuple[str, Receipt]] = []
        self.notes: list[tuple[str, int]] = []

    def publish(self, topic: str, payload: bytes, note: tuple[str, int]) -> bool:
        if self.away:
            return False
        self.taken.append((topic, decode_receipt(payload)))
        self.notes.append(note)
        return True

    def contiguous(self) -> list[int]:
        return [receipt.contiguous for _, receipt in self.taken]


def test_the_first_receipt_goes_at_once_and_the_next_a_second_later_with_the_newest_marks() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 1, Marks(1))], 100.0)
    assert receipts.send_due(broker.publish, 100.0, AT) == 1
    receipts.confirm(("A", 1))
    receipts.note([("A", 1, Marks(2))], 100.2)
    receipts.note([("A", 1, Marks(3))], 100.4)
    assert receipts.send_due(broker.publish, 100.9, AT) == 0
    assert receipts.next_turn() == 101.0
    assert receipts.send_due(broker.publish, 101.0, AT) == 1
    assert broker.contiguous() == [1, 3]
    assert broker.taken[0][0] == "pumps/A/receipt"


def test_the_next_receipt_waits_until_the_broker_has_confirmed_the_last() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 1, Marks(1))], 100.0)
    receipts.send_due(broker.publish, 100.0, AT)
    receipts.note([("A", 1, Marks(2))], 100.2)
    assert receipts.send_due(broker.publish, 130.0, AT) == 0
    assert receipts.next_turn() is None
    receipts.note([("A", 1, Marks(3))], 130.1)
    receipts.confirm(("A", 1))
    assert receipts.send_due(broker.publish, 130.2, AT) == 1
    assert broker.contiguous() == [1, 3]


def test_a_receipt_that_waited_for_a_confirmation_goes_out_when_the_connection_is_a_new_one() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 1, Marks(1))], 100.0)
    receipts.send_due(broker.publish, 100.0, AT)
    receipts.note([("A", 1, Marks(2))], 100.2)
    receipts.send_due(broker.publish, 102.0, AT)
    receipts.connection_lost(103.0)
    assert receipts.send_due(broker.publish, 104.0, AT) == 1
    assert broker.contiguous() == [1, 2]


def test_pumps_do_not_wait_for_each_other() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 1, Marks(1)), ("B", 1, Marks(1))], 5.0)
    assert receipts.send_due(broker.publish, 5.0, AT) == 2


def test_two_epochs_of_a_pump_each_get_their_receipt_in_turn() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 2, Marks(7)), ("A", 1, Marks(9))], 5.0)
    receipts.send_due(broker.publish, 5.0, AT)
    receipts.send_due(broker.publish, 5.5, AT)
    receipts.send_due(broker.publish, 6.0, AT)
    assert [(receipt.epoch, receipt.contiguous) for _, receipt in broker.taken] == [(1, 9), (2, 7)]


def test_what_can_not_be_sent_waits() -> None:
    receipts, broker = Receipts(), Broker()
    broker.away = True
    receipts.note([("A", 1, Marks(1))], 5.0)
    assert receipts.send_due(broker.publish, 5.0, AT) == 0
    broker.away = False
    assert receipts.send_due(broker.publish, 6.0, AT) == 1


def test_a_receipt_that_the_broker_never_confirmed_is_given_again() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 1, Marks(1)), ("B", 1, Marks(1))], 5.0)
    receipts.send_due(broker.publish, 5.0, AT)
    receipts.confirm(("A", 1))
    receipts.connection_lost(5.5)
    receipts.send_due(broker.publish, 10.0, AT)
    assert [topic for topic, _ in broker.taken] == ["pumps/A/receipt", "pumps/B/receipt", "pumps/B/receipt"]


def test_an_unconfirmed_receipt_never_displaces_a_newer_one() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 1, Marks(1))], 5.0)
    receipts.send_due(broker.publish, 5.0, AT)
    receipts.note([("A", 1, Marks(2))], 5.1)
    receipts.connection_lost(5.2)
    receipts.send_due(broker.publish, 10.0, AT)
    assert broker.contiguous() == [1, 2]


def test_at_the_end_all_that_wait_are_given_out_at_once() -> None:
    receipts, broker = Receipts(), Broker()
    receipts.note([("A", 1, Marks(1))], 5.0)
    receipts.send_due(broker.publish, 5.0, AT)
    receipts.note([("A", 1, Marks(2)), ("A", 2, Marks(4))], 5.1)
    receipts.send_due(broker.publish, 5.2, AT, all_now=True)
    assert broker.contiguous() == [1, 2, 4]
    assert len(receipts) == 0
