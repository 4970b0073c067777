"""Two devices with one login are told apart from one device on a bad day."""

from __future__ import annotations

from datetime import datetime, timedelta

from sqlmodel import select

from tests.build import a_pump
from tests.ingest.conftest import NOW, Desk, sent, status
from tracker.records.pump import Clinic, Pump
from tracker.records.worklist import WorklistItem
from tracker.schedule.evaluate_due_pumps import evaluate_due_pumps

MINUTE = timedelta(minutes=1)


def sign_in_items(desk: Desk, now: datetime) -> list[WorklistItem]:
    evaluate_due_pumps(desk.database, now)
    with desk.database.reading() as opened:
        found = opened.exec(select(WorklistItem).where(WorklistItem.closed_at.is_(None))).all()  # type: ignore[union-attr]
    return [one for one in found if one.key.endswith(":sign_in")]


def at(now: datetime, **given: object) -> dict[str, object]:
    return {"measured_at": now.isoformat(), **given}


def greet(desk: Desk, now: datetime, *serials: str, retained: bool = False) -> None:
    told = {"v": 1, "online": True, "at": now.isoformat()}
    names = serials or ("PUMP-1",)
    desk.write(*(sent(told, serial, "presence", retained=retained) for serial in names), now=now)


def test_numbers_used_twice_for_different_contents_are_a_task(desk: Desk) -> None:
    desk.reports(*(status(seq) for seq in range(1, 6)))
    for seq in (1, 2):
        desk.reports(status(seq, reservoir_ml=3.0))
    assert sign_in_items(desk, NOW) == []
    desk.reports(status(3, reservoir_ml=3.0), now=NOW + MINUTE)
    (item,) = sign_in_items(desk, NOW + MINUTE)
    assert (item.kind, item.what) == ("record", "Two devices may use the same login")
    assert item.next_step.startswith("Replace the communicator's login")
    assert "came again with other content" in item.why


def test_messages_that_come_again_the_same_are_no_sign(desk: Desk) -> None:
    for _ in range(5):
        desk.reports(*(status(seq) for seq in range(1, 6)))
    assert sign_in_items(desk, NOW) == []


def test_an_older_epoch_that_goes_on_beside_a_newer_one_is_a_task(desk: Desk) -> None:
    now = NOW
    for turn in range(1, 5):
        for epoch in (1, 2):
            now += MINUTE
            desk.reports(status(turn, **at(now, epoch=epoch)), now=now)
    (item,) = sign_in_items(desk, now)
    assert "an older count of messages went on" in item.why


def test_one_device_that_lost_its_memory_is_no_sign(desk: Desk) -> None:
    now = NOW
    for epoch in (1, 2, 3):
        for seq in range(1, 6):
            now += MINUTE
            desk.reports(status(seq, **at(now, epoch=epoch)), now=now)
    desk.reports(*(status(seq, **at(NOW - seq * MINUTE)) for seq in range(6, 30)), now=now)  # a backlog of before
    assert sign_in_items(desk, now) == []


def test_a_communicator_that_signs_in_again_and_again_is_a_task_until_it_was_quiet(desk: Desk) -> None:
    desk.reports(status(1000))
    for step in range(40):
        greet(desk, NOW + step * MINUTE)
    last = NOW + 39 * MINUTE
    (item,) = sign_in_items(desk, last)
    assert item.what == "The connection comes and goes"
    assert sign_in_items(desk, last + timedelta(hours=5)) != []
    assert sign_in_items(desk, last + timedelta(hours=6, minutes=1)) == []


def test_a_connection_that_flaps_for_minutes_is_no_sign(desk: Desk) -> None:
    desk.reports(status(1000))
    for step in range(60):
        greet(desk, NOW + timedelta(seconds=2 * step))
    assert sign_in_items(desk, NOW + timedelta(minutes=3)) == []


def test_two_hundred_sign_ins_in_ten_minutes_are_one_task_until_it_was_quiet(desk: Desk) -> None:
    desk.reports(status(1000))
    for step in range(200):
        greet(desk, NOW + timedelta(seconds=3 * step))
    last = NOW + timedelta(minutes=10)
    (item,) = sign_in_items(desk, last)
    assert item.what == "The connection comes and goes"
    assert "signed in again and again" in item.why
    greet(desk, last + timedelta(hours=1))
    assert sign_in_items(desk, last + timedelta(hours=6, minutes=1)) == []


def test_a_connection_that_is_lost_every_five_minutes_is_no_sign(desk: Desk) -> None:
    desk.reports(status(1000))
    for step in range(100):
        greet(desk, NOW + step * 5 * MINUTE)
    assert sign_in_items(desk, NOW + 100 * 5 * MINUTE) == []


def test_where_a_whole_clinics_connections_flap_no_login_is_suspected(desk: Desk) -> None:
    with desk.database.writing() as opened:
        clinic = opened.get_one(Pump, desk.ids["PUMP-1"]).clinic_id
        others = [a_pump(opened, opened.get_one(Clinic, clinic), serial=f"OTHER-{each}").serial for each in range(6)]
    desk.reports(status(1000))
    for step in range(200):
        greet(desk, NOW + timedelta(seconds=10 * step), "PUMP-1", *others)
    assert sign_in_items(desk, NOW + timedelta(minutes=35)) == []
    for step in range(200):
        greet(desk, NOW + timedelta(minutes=40, seconds=10 * step), "PUMP-1")
    assert len(sign_in_items(desk, NOW + timedelta(minutes=75))) == 1


def test_greetings_that_the_broker_had_kept_are_no_sign(desk: Desk) -> None:
    desk.reports(status(1000))
    for step in range(40):
        greet(desk, NOW + step * MINUTE, retained=True)
    assert sign_in_items(desk, NOW + timedelta(hours=1)) == []


def test_signs_of_different_hours_do_not_add_up(desk: Desk) -> None:
    desk.reports(*(status(seq) for seq in range(1, 6)))
    for hour in range(4):
        desk.reports(status(1 + hour, reservoir_ml=3.0), now=NOW + hour * timedelta(hours=2))
    assert sign_in_items(desk, NOW + timedelta(hours=7)) == []
