"""Which sessions and connections at the broker are too many, and who is kept out: the rules, without a server."""

from __future__ import annotations

import threading

from tests.servers import wait_until
from tracker.broker.blocked_clients import FIRST_SECONDS, ShutOut
from tracker.broker.session_reaper import SessionReaper
from tracker.broker.session_watch import SessionWatch
from tracker.broker.sessions import (
    KEPT,
    SHUT_OUT_FROM,
    UNACKNOWLEDGED_MAX,
    UNUSED_SECONDS,
    Connection,
    Consumer,
    Surplus,
    session_key,
    surplus,
)

TRACKER = frozenset({"tracker"})


def connection(number: int, username: str = "SN1", key: str | None = None) -> Connection:
    return Connection("server", number, username, f"key{number}" if key is None else key)


def consumer(
    key: str, serial: str | None = "SN1", *, bound: bool = True, unacknowledged: int = 0, created: str = "2026-01-01"
) -> Consumer:
    topic = "pumps.*.telemetry" if serial is None else f"pumps.{serial}.receipt"
    return Consumer(f"{key}_1", key, f"$MQTT.msgs.{topic}", serial, bound, created, unacknowledged)


def judge(
    connections: list[Connection] | None = None,
    consumers: list[Consumer] | None = None,
    records: dict[str, str | None] | None = None,
    idle: dict[str, float] | None = None,
    allowed: dict[str, int] | None = None,
) -> Surplus:
    return surplus(connections or [], consumers or [], records or {}, idle or {}, allowed or {}, TRACKER)


def test_the_key_of_a_client_id_is_the_servers_own() -> None:
    assert session_key("evil-0") == "8CqWFp3E"
    assert session_key("tracker-x") == "0IX1pjzM"


def test_a_pump_with_one_session_in_use_is_left_alone() -> None:
    assert not len(judge([connection(1)], [consumer("key1")], {"key1": "SN1"}))


def test_of_too_many_connections_the_oldest_end() -> None:
    open_now = [connection(number) for number in range(KEPT + 3)]
    found = judge(open_now, records={one.key: "SN1" for one in open_now})
    assert {one.number for one in found.connections} == {0, 1, 2}
    assert found.keys == {"key0", "key1", "key2"}
    assert found.by_user == {"SN1": 3}


def test_a_user_that_may_have_more_connections_keeps_them() -> None:
    open_now = [connection(number) for number in range(KEPT + 3)]
    assert not len(judge(open_now, records={one.key: "SN1" for one in open_now}, allowed={"SN1": 50}))


def test_the_connections_of_several_pumps_do_not_count_together() -> None:
    open_now = [connection(number, f"SN{number}") for number in range(5 * KEPT)]
    assert not len(judge(open_now))


def test_of_too_many_sessions_those_in_use_and_the_newest_stay() -> None:
    standing = [
        consumer(f"old{number}", bound=False, created=f"2026-01-{number + 1:02d}") for number in range(KEPT + 2)
    ]
    idle = {one.key: 60.0 for one in standing}
    found = judge([connection(1)], [*standing, consumer("key1", created="2025-01-01")], {"old0": "SN1"}, idle)
    assert set(found.consumers) == {"old0_1", "old1_1", "old2_1"}
    assert found.keys == {"old0"}
    assert found.by_user == {"SN1": 3}


def test_a_session_without_a_connection_is_kept_for_a_day() -> None:
    assert not len(judge(records={"k": "SN1"}, idle={"k": UNUSED_SECONDS - 1}))
    assert judge(records={"k": "SN1"}, idle={"k": UNUSED_SECONDS + 1}).keys == {"k"}


def test_a_session_that_subscribes_for_nothing_and_is_not_in_use_ends_soon() -> None:
    assert not len(judge(records={"k": None}, idle={"k": 5.0}))
    assert judge(records={"k": None}, idle={"k": 11.0}).keys == {"k"}
    assert not len(judge([connection(1, key="k")], records={"k": None}))


def test_a_session_that_never_acknowledges_its_receipts_ends_also_while_it_is_in_use() -> None:
    found = judge([connection(1)], [consumer("key1", unacknowledged=UNACKNOWLEDGED_MAX + 1)], {"key1": "SN1"})
    assert found.consumers == ("key1_1",)
    assert [one.number for one in found.connections] == [1]


def test_the_trackers_sessions_are_kept_however_long_they_are_unused_and_however_much_waits() -> None:
    waiting = consumer("ours", None, bound=False, unacknowledged=4_000_000)
    assert not len(judge([], [waiting], {"ours": None}, {"ours": 90 * 24 * 3600.0}))
    workers = [connection(number, "tracker") for number in range(5 * KEPT)]
    assert not len(judge(workers, [consumer(one.key, None) for one in workers], {one.key: None for one in workers}))


def test_a_session_of_the_tracker_under_an_earlier_client_id_ends_once_another_takes_its_topics() -> None:
    earlier, now = consumer("earlier", None, bound=False), consumer("now", None, created="2026-02-01")
    records: dict[str, str | None] = {"earlier": None, "now": None}
    found = judge([connection(1, "tracker", "now")], [earlier, now], records, {"earlier": 5.0})
    assert found.consumers == ("earlier_1",)
    assert found.keys == {"earlier"}


def test_who_opens_far_too_many_is_kept_out_for_longer_each_time_and_nobody_else_is() -> None:
    shut_out = ShutOut()
    assert shut_out.note({"SN1": SHUT_OUT_FROM, "SN2": SHUT_OUT_FROM - 1}, 1000.0) == ["SN1"]
    assert shut_out.out(1000.0 + FIRST_SECONDS - 1) == {"SN1"}
    back = 1000.0 + FIRST_SECONDS + 1
    assert shut_out.out(back) == frozenset()
    assert shut_out.note({"SN1": SHUT_OUT_FROM}, back) == ["SN1"]
    assert shut_out.out(back + 2 * FIRST_SECONDS - 1) == {"SN1"}
    assert shut_out.out(back + 2 * FIRST_SECONDS + 1) == frozenset()


def test_a_flood_that_is_spread_over_a_minute_counts_as_one_and_one_spread_over_hours_does_not() -> None:
    shut_out = ShutOut()
    for number in range(9):
        assert shut_out.note({"SN1": SHUT_OUT_FROM // 10}, 5.0 * number) == []
    assert shut_out.note({"SN1": SHUT_OUT_FROM // 10}, 50.0) == ["SN1"]
    for number in range(50):
        assert shut_out.note({"SN2": SHUT_OUT_FROM // 10}, 600.0 * number) == []


def test_who_behaved_for_an_hour_starts_again_with_a_minute() -> None:
    shut_out = ShutOut()
    shut_out.note({"SN1": SHUT_OUT_FROM}, 0.0)
    shut_out.note({"SN1": SHUT_OUT_FROM}, 100.0)
    later = 2 * 3600.0
    shut_out.note({"SN1": SHUT_OUT_FROM}, later)
    assert shut_out.out(later + FIRST_SECONDS + 1) == frozenset()


def test_no_fault_ends_the_watch() -> None:
    asked, stop = [], threading.Event()

    def port() -> int:
        asked.append(1)
        raise KeyError("an answer that nobody foresaw")

    def reaper(at: int) -> SessionReaper:
        return SessionReaper(at, "none", trusted=TRACKER)

    watch = SessionWatch(port, reaper, lambda _: None, stop)
    thread = threading.Thread(target=watch.run)
    thread.start()
    try:
        wait_until(lambda: len(asked) >= 2, 10, "a second look")
    finally:
        stop.set()
        thread.join(10)
