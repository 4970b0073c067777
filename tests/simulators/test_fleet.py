"""Communicators at real brokers: receipts delete, gaps come again, restarts and lost memories lose nothing."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from devices import topics
from simulators.communicator import Pace
from simulators.fleet import Fleet
from simulators.journal import Journal
from tests.servers import free_port
from tests.simulators.brokers import mosquitto
from tests.simulators.conftest import MakeFleet
from tests.simulators.doubles import TrackerDouble
from tests.simulators.messages import session, status


def turn_until(fleet: Fleet, done: Callable[[], object], seconds: float = 15.0) -> None:
    assert fleet.run_until(lambda: bool(done()), time.monotonic() + seconds, 0.01), fleet.refusals


def test_messages_arrive_in_order_and_leave_the_disk_with_their_receipt(
    broker_port: int, double: TrackerDouble, journal: Journal, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(broker_port, "P1", "P2")
    fleet.say([("P1", status(volume / 10)) for volume in range(1, 101)] + [("P2", session())])
    turn_until(fleet, lambda: double.count("P1") == 100 and double.count("P2") == 1)
    assert double.seen["P1", 1] == list(range(1, 101))
    assert journal.stored == 101
    double.receipt("P1", 100)
    double.receipt("P2", 1)
    turn_until(fleet, lambda: fleet.backlog == 0)
    assert journal.waiting == frozenset()


def test_a_missing_range_that_was_overtaken_comes_again(
    broker_port: int, double: TrackerDouble, make_fleet: MakeFleet
) -> None:
    double.deaf = {4, 5, 9}
    fleet = make_fleet(broker_port, "P1")
    fleet.say([("P1", status()) for _ in range(12)])
    turn_until(fleet, lambda: double.count("P1") == 9)
    double.receipt("P1", 12, (4, 5), (9, 9))
    turn_until(fleet, lambda: double.numbers("P1") == list(range(1, 13)))
    assert double.count("P1") == 12
    double.receipt("P1", 12)
    turn_until(fleet, lambda: fleet.backlog == 0)


def test_what_no_receipt_covers_is_sent_again_after_a_while(
    mosquitto_port: int, double: TrackerDouble, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(mosquitto_port, "P1", pace=Pace(receipt_timeout=0.5, memory_grace=0.1))
    fleet.say([("P1", status())])
    turn_until(fleet, lambda: double.count("P1") >= 2)
    assert fleet.backlog == 1


def test_the_window_bounds_what_travels_without_a_receipt(
    mosquitto_port: int, double: TrackerDouble, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(mosquitto_port, "P1", pace=Pace(window=10, in_flight=4, memory_grace=0.1))
    fleet.say([("P1", status()) for _ in range(25)])
    turn_until(fleet, lambda: double.count("P1") == 10)
    fleet.run_until(lambda: False, time.monotonic() + 0.3)
    assert double.count("P1") == 10
    double.receipt("P1", 10)
    turn_until(fleet, lambda: double.count("P1") == 20)
    assert double.numbers("P1") == list(range(1, 21))


def test_a_restarted_communicator_sends_what_waits_on_its_disk(
    mosquitto_port: int, double: TrackerDouble, journal: Journal, make_fleet: MakeFleet
) -> None:
    journal.append([("P1", status()) for _ in range(5)])
    first = make_fleet(mosquitto_port, "P1")
    turn_until(first, lambda: double.count("P1") == 5)
    double.receipt("P1", 3)
    turn_until(first, lambda: first.backlog == 2)
    for each in first.communicators.values():
        each.link.drop()
    second = make_fleet(mosquitto_port, "P1")
    second.say([("P1", status())])
    turn_until(second, lambda: double.numbers("P1") == [1, 2, 3, 4, 5, 6])
    double.receipt("P1", 6)
    turn_until(second, lambda: second.backlog == 0)


def test_a_memory_younger_than_its_pump_takes_a_new_epoch_before_it_sends(
    broker_port: int, double: TrackerDouble, journal: Journal, make_fleet: MakeFleet
) -> None:
    double.receipt("P1", 4712, epoch=3)
    fleet = make_fleet(broker_port, "P1")
    fleet.say([("P1", status(1.0)), ("P1", status(2.0))])
    turn_until(fleet, lambda: double.numbers("P1", 4) == [1, 2])
    assert double.count("P1", 1) == 0
    assert journal.mark("P1") == (4, 2)


def test_an_epoch_is_receipted_to_its_end_before_the_next_one_begins(
    mosquitto_port: int, double: TrackerDouble, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(mosquitto_port, "P1")
    fleet.say([("P1", status()), ("P1", status())])
    fleet.lose_memory("P1")
    fleet.say([("P1", status())])
    turn_until(fleet, lambda: double.count("P1", 1) == 2)
    fleet.run_until(lambda: False, time.monotonic() + 0.3)
    assert double.count("P1", 2) == 0
    double.receipt("P1", 2)
    turn_until(fleet, lambda: double.count("P1", 2) == 1)


def test_presence_is_told_on_arrival_on_leaving_and_by_the_last_will(
    broker_port: int, double: TrackerDouble, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(broker_port, "P1", "P2")
    turn_until(fleet, lambda: double.presences == {"P1": [True], "P2": [True]})
    fleet.cut("P1", time.monotonic() + 3600)
    turn_until(fleet, lambda: double.presences["P1"] == [True, False])
    fleet.leave()
    deadline = time.monotonic() + 10
    while len(double.presences["P2"]) < 2 and time.monotonic() < deadline:
        time.sleep(0.02)
    assert double.presences["P2"][0] is True
    assert set(double.presences["P2"][1:]) == {False}


def test_a_communicator_heeds_nothing_but_its_own_receipt(
    mosquitto_port: int, double: TrackerDouble, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(mosquitto_port, "P1")
    fleet.say([("P1", status())])
    turn_until(fleet, lambda: double.count("P1") == 1)
    double.publish(topics.receipt("P1"), b'{"v":1,"set_dose":"9000"}')
    double.publish(topics.receipt("P2"), b"not for this one")
    turn_until(fleet, lambda: fleet.communicators["P1"].ignored == 1)
    assert fleet.backlog == 1
    double.receipt("P1", 1)
    turn_until(fleet, lambda: fleet.backlog == 0)


def test_a_broker_that_comes_back_gets_everything(tmp_path: Path, journal: Journal, make_fleet: MakeFleet) -> None:
    port = free_port()
    fleet = make_fleet(port, *(f"P{number}" for number in range(20)))
    fleet.say([(f"P{number % 20}", status()) for number in range(200)])
    fleet.run_until(lambda: False, time.monotonic() + 0.5)
    assert fleet.connected == 0
    assert fleet.refusals or not fleet.connected
    with mosquitto(tmp_path, port) as up:
        first = TrackerDouble(up)
        turn_until(fleet, lambda: all(first.count(f"P{number}") == 10 for number in range(20)))
        first.close()
    turn_until(fleet, lambda: fleet.connected == 0)
    with mosquitto(tmp_path, port) as up:
        second = TrackerDouble(up)
        turn_until(fleet, lambda: all(second.numbers(f"P{number}") == list(range(1, 11)) for number in range(20)))
        for number in range(20):
            second.receipt(f"P{number}", 10)
        turn_until(fleet, lambda: fleet.backlog == 0)
        second.close()
    assert journal.stored == 0


def test_many_messages_flow_through_few_connections(
    broker_port: int, double: TrackerDouble, make_fleet: MakeFleet
) -> None:
    fleet = make_fleet(broker_port, "P1", "P2", pace=Pace(window=3000, in_flight=500, memory_grace=0.1))
    fleet.say([(f"P{1 + number % 2}", status(number % 20)) for number in range(4000)])
    turn_until(fleet, lambda: double.count("P1") == 2000 and double.count("P2") == 2000, 30)
    assert double.seen["P1", 1] == double.seen["P2", 1] == list(range(1, 2001))
