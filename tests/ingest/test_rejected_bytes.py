"""The bytes of refused messages: long ones are cut past a day's number, discarded ones are freed, settled ones go."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from hashlib import sha256

import pytest
from sqlmodel import select

from tests.ingest.conftest import NOW, Desk, sent
from tracker.actions.rejected.discard_rejected import discard_rejected
from tracker.actions.rejected.replay_rejected import replay_rejected
from tracker.errors import Invalid
from tracker.ingest.batch_writer import Ledger
from tracker.ingest.budget_limits import DEFAULT
from tracker.ingest.inbound_message import Arrival
from tracker.records.audit import AuditEntry
from tracker.records.database import Database
from tracker.records.pump import Pump
from tracker.schedule.rejected_retention import tidy_refused

BY = "rn@north.example"


@pytest.fixture
def desk(database: Database) -> Iterator[Desk]:
    """A desk that keeps two long rejected messages a day whole."""
    opened = Desk(database)
    opened.ledger = Ledger(database, 1000, DEFAULT._replace(whole_refused_per_day=2))
    yield opened
    opened.ledger.close()


def long(seq: int) -> bytes:
    return f'{{"epoch": 1, "seq": {seq}, "no": "{"x" * 3000}"}}'.encode()


def discard(desk: Desk, at: int) -> None:
    with desk.database.writing() as opened:
        discard_rejected(opened, desk.rejected()[at].id or 0, reason="noise", by=BY, now=NOW)


def test_past_the_days_number_a_long_message_keeps_its_first_kib_length_and_digest(desk: Desk) -> None:
    for seq in range(1, 5):
        desk.write(sent(long(seq)))
    kept = desk.rejected()
    assert [(len(one.payload), one.length, one.is_whole) for one in kept] == [
        (len(long(1)), len(long(1)), True),
        (len(long(2)), len(long(2)), True),
        (1024, len(long(3)), False),
        (1024, len(long(4)), False),
    ]
    assert [one.digest for one in kept] == [sha256(long(seq)).hexdigest() for seq in range(1, 5)]
    assert all(one.reason for one in kept)
    assert desk.mark() == (4, [])


def test_the_next_day_keeps_as_many_whole_again(desk: Desk) -> None:
    for seq in range(1, 4):
        desk.write(sent(long(seq)))
    desk.write(sent(long(4)), now=NOW + timedelta(days=1))
    assert [one.is_whole for one in desk.rejected()] == [True, True, False, True]


def test_short_messages_are_kept_whole_however_many_there_are(desk: Desk) -> None:
    desk.write(*(sent(f'{{"epoch": 1, "seq": {seq}}}'.encode()) for seq in range(1, 31)))
    assert [one.is_whole for one in desk.rejected()] == [True] * 30


def test_a_cut_message_that_comes_again_is_known(desk: Desk) -> None:
    for seq in range(1, 5):
        desk.write(sent(long(seq)))
    desk.write(sent(long(4)), sent(long(1)))
    assert (len(desk.rejected()), desk.state().duplicates) == (4, 2)


def test_strangers_have_long_messages_cut_too(desk: Desk) -> None:
    desk.write(*(sent(long(seq), "STRANGER") for seq in range(1, 5)))
    assert [one.is_whole for one in desk.rejected()] == [True, True, False, False]


def test_a_message_over_64_kib_says_its_true_length(desk: Desk) -> None:
    desk.write(Arrival(b"pumps/PUMP-1/telemetry", b"x" * 65_536, 1, retained=False, size=1_000_000))
    (one,) = desk.rejected()
    assert (one.length, one.is_whole) == (1_000_000, False)


def test_a_cut_message_is_not_read_again(desk: Desk) -> None:
    for seq in range(1, 4):
        desk.write(sent(long(seq)))
    with pytest.raises(Invalid, match="only the first 1,024 of"), desk.database.writing() as opened:
        replay_rejected(opened, desk.rejected()[2].id or 0, by=BY, now=NOW)


def test_a_discarded_message_keeps_reason_length_and_digest_and_no_bytes(desk: Desk) -> None:
    desk.write(sent(long(1)))
    reason = desk.rejected()[0].reason
    discard(desk, 0)
    (one,) = desk.rejected()
    assert (one.payload, one.length, one.reason) == (b"", len(long(1)), reason)
    assert one.digest == sha256(long(1)).hexdigest()


def test_what_was_settled_long_ago_goes_and_what_nobody_settled_stays(desk: Desk) -> None:
    desk.write(*(sent(long(seq)) for seq in range(1, 4)))
    discard(desk, 0)
    year = NOW + timedelta(days=366)
    assert tidy_refused(desk.database, 0, year) == 0
    assert tidy_refused(desk.database, 365, NOW + timedelta(days=364)) == 0
    assert tidy_refused(desk.database, 365, year) == 1
    assert [one.seq for one in desk.rejected()] == [2, 3]
    with desk.database.reading() as session:
        [entry] = session.exec(select(AuditEntry).where(AuditEntry.action == "rejected.dropped"))
        [pump] = session.exec(select(Pump).where(Pump.id == desk.rejected()[0].pump_id))
    assert (entry.clinic_id, entry.detail["rows"]) == (pump.clinic_id, 1)
