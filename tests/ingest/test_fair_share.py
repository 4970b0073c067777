"""Which of the waiting messages are written next: nobody waits for the whole of another pump's flood."""

from __future__ import annotations

from tests.ingest.conftest import sent, session, status
from tracker.ingest.fair_share import SHARE, next_batch
from tracker.ingest.inbound_message import Arrival


def flood(kind: str = "telemetry", count: int = 3 * SHARE, serial: str = "PUMP-2", size: int = 100) -> list[Arrival]:
    return [Arrival(f"pumps/{serial}/{kind}".encode(), b"%08d" % at + b" " * size, at + 1) for at in range(count)]


def honest() -> Arrival:
    return sent(status(1))


def test_a_report_behind_a_flood_is_in_the_first_batch() -> None:
    for kind in ("telemetry", "session", "presence"):
        waiting = [*flood(kind), honest()]
        taken, left = next_batch(waiting, 4 * SHARE)
        assert honest() in taken
        assert len(taken) <= 3 * SHARE
        assert sorted(taken + left) == sorted(waiting)


def test_a_pumps_messages_keep_their_order_over_the_batches_and_its_kinds() -> None:
    waiting = [*flood("session", SHARE), *flood("telemetry", SHARE), *flood(count=10, serial="PUMP-3"), honest()]
    order: list[Arrival] = []
    left = waiting
    while left:
        taken, left = next_batch(left, 4 * SHARE)
        assert taken
        order += taken
    for serial in (b"PUMP-1", b"PUMP-2", b"PUMP-3"):
        assert [one for one in order if serial in one.topic] == [one for one in waiting if serial in one.topic]


def test_programmer_sessions_and_large_messages_fill_a_share_sooner() -> None:
    assert len(next_batch(flood("session"), 4 * SHARE)[0]) == SHARE // 10
    assert len(next_batch(flood(count=SHARE, size=16_000), 4 * SHARE)[0]) <= SHARE // 2


def test_a_backlog_of_many_pumps_fills_a_batch() -> None:
    waiting = [
        sent(message, f"PUMP-{pump}", kind)
        for seq in range(20)
        for pump in range(200)
        for message, kind in ((status(seq + 1), "telemetry"),)
    ] + [sent(session(21), "PUMP-1", "session")]
    taken, left = next_batch(waiting, 4000)
    assert (taken, left) == (waiting[:4000], waiting[4000:])


def test_topics_that_are_none_of_ours_share_one_share() -> None:
    unknown_topics = [Arrival(b"pumps/%d/nothing/else" % at, b"x", at + 1) for at in range(2 * SHARE)]
    taken, _ = next_batch([*unknown_topics, *flood(count=SHARE // 2), honest()], 4 * SHARE)
    assert honest() in taken


def test_what_one_pump_alone_sends_fills_a_batch_unless_it_takes_long_to_store() -> None:
    waiting = [honest(), *flood(count=6 * SHARE)]
    taken, left = next_batch(waiting, 4 * SHARE)
    assert taken + left == waiting
    assert len(taken) == 3 * SHARE
    slow = [honest(), *flood(count=SHARE), *flood("session", 50)]
    assert len(next_batch(slow, 4 * SHARE)[0]) == SHARE + 1
