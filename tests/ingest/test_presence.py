"""Whether a communicator is connected follows what came last, and a kept word is no contact."""

from __future__ import annotations

from datetime import timedelta

from tests.ingest.conftest import NOW, Desk, sent
from tracker.ingest.inbound_message import Arrival


def presence(online: bool, minutes: int = 0, *, retained: bool = False) -> Arrival:
    at = (NOW + timedelta(minutes=minutes)).isoformat()
    return sent({"v": 1, "online": online, "at": at}, kind="presence", retained=retained)


def test_a_greeting_is_a_contact(desk: Desk) -> None:
    desk.write(presence(online=True))
    state = desk.state()
    assert (state.online, state.online_at, state.last_contact_at) == (True, NOW, NOW)
    assert state.received == 0


def test_a_last_will_is_dated_by_its_arrival_since_it_was_written_before_the_greeting(desk: Desk) -> None:
    desk.write(presence(online=True, minutes=-60))
    desk.write(presence(online=False, minutes=-61), now=NOW + timedelta(minutes=5))
    state = desk.state()
    assert (state.online, state.online_at) == (False, NOW + timedelta(minutes=5))
    assert state.last_contact_at == NOW


def test_a_farewell_is_dated_by_its_own_time(desk: Desk) -> None:
    desk.write(presence(online=True, minutes=-60), presence(online=False, minutes=-10))
    assert desk.state().online_at == NOW - timedelta(minutes=10)


def test_a_kept_greeting_that_the_broker_repeats_is_no_contact(desk: Desk) -> None:
    desk.write(presence(online=True, minutes=-60, retained=True))
    assert (desk.state().online, desk.state().last_contact_at) == (True, None)


def test_a_kept_farewell_that_the_broker_repeats_changes_nothing(desk: Desk) -> None:
    desk.write(presence(online=True, minutes=-60), presence(online=False, minutes=-10))
    desk.write(presence(online=False, minutes=-10, retained=True), now=NOW + timedelta(hours=1))
    assert desk.state().online_at == NOW - timedelta(minutes=10)
