"""Whatever can't be taken is kept whole with its reason, bounded, and stops nothing else."""

from __future__ import annotations

import random
from collections.abc import Iterator

import msgspec
import pytest

from tests.ingest.conftest import NOW, Desk, sent, session, status
from tracker.actions.rejected.discard_rejected import discard_rejected
from tracker.ingest.inbound_message import Arrival
from tracker.records.database import Database
from tracker.records.delivery import DeliveryMark
from tracker.records.delivery_ranges import MAX_RANGES


@pytest.fixture
def narrow(database: Database) -> Iterator[Desk]:
    """A desk that keeps no more than five rejected messages without a number of a pump."""
    desk = Desk(database, rejected_per_pump=5)
    yield desk
    desk.ledger.close()


def test_a_pump_that_is_not_enrolled_is_kept_once_and_taken_after_its_enrolment(narrow: Desk) -> None:
    for _ in range(3):
        narrow.write(sent(status(1), serial="STRANGER"))
    (refused,) = narrow.rejected()
    assert (refused.serial, refused.pump_id, refused.field) == ("STRANGER", None, "serial")
    assert "STRANGER" in refused.reason


def test_garbage_is_bounded_for_a_pump_and_what_is_cut_is_counted(narrow: Desk) -> None:
    narrow.write(*(sent(f"garbage {number}".encode()) for number in range(12)))
    assert len(narrow.rejected()) == 5
    state = narrow.state()
    assert (state.received, state.rejected, state.rejected_cut) == (12, 12, 7)


def test_every_rejected_message_that_a_receipt_covers_is_kept_however_many_there_are(narrow: Desk) -> None:
    for first in (1, 5, 9):
        narrow.reports(*(status(seq, reservoir_ml=-1) for seq in range(first, first + 4)))
    assert narrow.mark() == (12, [])
    kept = [(each.epoch, each.seq) for each in narrow.rejected()]
    assert kept == [(1, seq) for seq in range(1, 13)]
    state = narrow.state()
    assert (state.received, state.rejected, state.rejected_cut) == (12, 12, 0)
    narrow.reports(*(status(seq, reservoir_ml=-1) for seq in (2, 12)))
    assert (len(narrow.rejected()), narrow.state().duplicates) == (12, 2)


def test_rejected_messages_with_a_number_take_no_room_from_garbage(narrow: Desk) -> None:
    narrow.reports(*(status(seq, reservoir_ml=-1) for seq in range(1, 13)))
    for number in range(7):
        narrow.write(sent(f"garbage {number}".encode()))
    assert [each.seq is None for each in narrow.rejected()].count(True) == 5
    assert narrow.state().rejected_cut == 2


def test_settled_garbage_makes_room_for_more(narrow: Desk) -> None:
    narrow.write(*(sent(f"garbage {number}".encode()) for number in range(5)))
    with narrow.database.writing() as opened:
        discard_rejected(opened, narrow.rejected()[0].id or 0, reason="noise", by="rn@north.example", now=NOW)
    narrow.write(*(sent(f"more garbage {number}".encode()) for number in range(2)))
    assert (len(narrow.rejected()), narrow.state().rejected_cut) == (6, 1)


def test_a_number_that_no_receipt_can_cover_is_bounded_as_if_there_were_none(narrow: Desk) -> None:
    ranges = [[seq, seq] for seq in range(3, 3 + 2 * MAX_RANGES, 2)]
    with narrow.database.writing() as opened:
        opened.add(
            DeliveryMark(pump_id=narrow.ids["PUMP-1"] or 0, epoch=1, contiguous=1, beyond=ranges, updated_at=NOW)
        )
    for again in range(4):
        narrow.reports(*(status(10**6 + 2 * seq, reservoir_ml=-1) for seq in range(3)))
        assert len(narrow.rejected()) == min(5, 3 + 3 * again)
    assert narrow.state().rejected_cut == 7


def test_one_pumps_garbage_takes_no_room_from_another(narrow: Desk) -> None:
    narrow.write(*(sent(f"garbage {number}".encode()) for number in range(12)))
    narrow.write(sent(b"also garbage", serial="PUMP-2"))
    assert [each.serial for each in narrow.rejected()].count("PUMP-2") == 1


def test_garbage_for_no_pump_is_bounded_for_a_serial_too(narrow: Desk) -> None:
    narrow.write(*(sent(f"garbage {number}".encode(), serial="NOBODY") for number in range(12)))
    assert len(narrow.rejected()) == 5


def test_a_rejected_message_counts_as_received_where_its_number_can_be_read(narrow: Desk) -> None:
    narrow.reports(status(1), status(2) | {"reservoir_ml": "full"}, status(3))
    assert narrow.mark() == (3, [])


@pytest.mark.parametrize(
    "payload",
    [
        b'{"epoch": 1, "seq": 2, "reservoir_ml": NaN}',
        b'{"epoch": 1, "seq": 2, "battery": {"voltage_v": -Infinity}}',
        b'\xef\xbb\xbf{"epoch": 1, "seq": 2}',
        b'{"epoch": 1, "seq": 2, "firmware": "\\ud800"}',
    ],
)
def test_what_is_no_json_for_a_trifle_counts_as_received_too(narrow: Desk, payload: bytes) -> None:
    narrow.write(sent(status(1)), sent(payload), sent(status(3)))
    assert len(narrow.rejected()) == 1
    assert narrow.mark() == (3, [])


@pytest.mark.parametrize(
    "payload", [b'{"epoch": 1, "seq": 2', b'{"epoch": 1, "seq": 2}5}', b'{"seq": 2, "epoch": NaN}']
)
def test_a_number_that_may_be_cut_off_or_none_covers_nothing(narrow: Desk, payload: bytes) -> None:
    narrow.write(sent(status(1)), sent(payload), sent(status(3)))
    assert narrow.mark() == (1, [[3, 3]])


@pytest.mark.parametrize(
    "topic", [b"pumps/A/B/telemetry", b"pumps//telemetry", b"\xff\xfe", b"other", b"pumps/A/receipt"]
)
def test_a_strange_topic_is_kept(narrow: Desk, topic: bytes) -> None:
    narrow.write(Arrival(topic, b"{}", 1))
    assert [each.field for each in narrow.rejected()] == ["topic"]


def test_a_payload_over_16_kib_is_refused_and_its_true_size_is_said(narrow: Desk) -> None:
    narrow.write(Arrival(b"pumps/PUMP-1/telemetry", b"x" * 65_536, 1, retained=False, size=1_000_000))
    (refused,) = narrow.rejected()
    assert "1000000 bytes" in refused.reason
    assert len(refused.payload) == 65_536


def test_random_bytes_and_mutations_leave_everything_valid_stored(desk: Desk) -> None:
    chance = random.Random(3)
    good = [sent(status(seq)) for seq in range(1, 201)]
    bad = []
    for number in range(1500):
        payload = bytearray(msgspec.json.encode(status(1000 + number)))
        if number % 3 == 0:
            payload = bytearray(chance.randbytes(chance.randrange(200)))
        elif number % 3 == 1:
            del payload[chance.randrange(len(payload)) :]
        else:
            payload[chance.randrange(len(payload))] = chance.randrange(256)
        bad.append(sent(bytes(payload), kind=chance.choice(["telemetry", "session", "presence"])))
    mixed = [*good, *bad]
    chance.shuffle(mixed)
    for start in range(0, len(mixed), 300):
        desk.write(*mixed[start : start + 300])
    stored = {reading.seq for reading in desk.readings() if reading.epoch == 1}
    assert set(range(1, 201)) <= stored
    assert desk.state().rejected > 500


def test_a_session_of_the_wrong_model_names_the_model(desk: Desk) -> None:
    desk.write(sent(session(1, model="isomed-35"), kind="session"))
    assert [(each.field, each.serial) for each in desk.rejected()] == [("model", "PUMP-1")]


@pytest.mark.parametrize("at", ["2026-11-22T11:00:00Z", "0001-01-01T00:00:00Z"])
def test_presence_from_the_future_or_before_any_clock_is_refused(desk: Desk, at: str) -> None:
    desk.write(sent({"v": 1, "online": True, "at": at}, kind="presence"), now=NOW)
    assert [each.field for each in desk.rejected()] == ["at"]
    assert desk.state().online is None
