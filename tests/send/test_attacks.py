"""Targets that lead inside, and targets that are none: refused when they are added, and again when they are sent to."""

from __future__ import annotations

import socket
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlmodel import select

from tests.send.receivers import Receiver, plain_receiver
from tests.send.test_delivery import LOOPBACK, sending, someone, states, write
from tests.servers import wait_until
from tracker.actions.messages.contacts import add_contact
from tracker.errors import Invalid
from tracker.reachable_networks import Forbidden, address_of, allowed_networks, may_reach
from tracker.records.database import Database
from tracker.records.message import MessageAttempt, State

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "127.1", "0x7f.1", "2130706433", "017700000001", "0", "0.0.0.0", "localhost"),
        *("10.1.2.3", "172.16.0.1", "192.168.0.1", "100.64.0.1", "169.254.169.254", "198.18.0.1", "224.0.0.1"),
        *("255.255.255.255", "192.0.2.1", "::", "::1", "::ffff:127.0.0.1", "::ffff:7f00:1", "::ffff:169.254.169.254"),
        *(
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "fec0::1",
            "ff02::1",
            "64:ff9b::7f00:1",
            "2002:7f00:1::",
            "::127.0.0.1",
        ),
        "2001:0:4136:e378:8000:63bf:80ff:fffe",
    ],
)
def test_no_way_to_write_an_inside_address_passes(host: str) -> None:
    with pytest.raises((Forbidden, OSError)):
        address_of(host, 80, ())


def test_a_name_that_leads_inside_is_refused_by_the_address_behind_it() -> None:
    name = socket.gethostname()  # this machine's own name: never a public address here
    try:
        inside = {str(each[4][0]) for each in socket.getaddrinfo(name, 80)}
    except OSError:
        pytest.skip("this machine's own name has no address")
    if any(may_reach(one, ()) for one in inside):
        pytest.skip("this machine's own name has a public address")
    with pytest.raises(Forbidden):
        address_of(name, 80, ())


def test_an_inside_address_that_the_operator_named_is_reached() -> None:
    assert address_of("127.0.0.1", 80, LOOPBACK) == "127.0.0.1"
    assert address_of("::1", 80, allowed_networks("::1/128")) == "::1"


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("apprise", "nosuchservice://token"),
        ("apprise", "just words"),
        ("apprise", "json://"),
        ("email", "nurse"),
        ("email", "nurse@clinic@example.org"),
        ("email", "nurse@clinic.example\r\nBcc: all@elsewhere.example"),
        ("webhook", "https://"),
        ("webhook", "ftp://hooks.example.org/x"),
        ("webhook", "https://hooks.example.org:99999/x"),
    ],
)
def test_a_target_that_is_none_is_refused_with_its_field(sqlite_database: Database, kind: str, target: str) -> None:
    with sqlite_database.writing() as session:
        _, staff = someone(session)
        with pytest.raises(Invalid) as refused:
            add_contact(session, staff, kind=kind, target=target, by="test", now=NOW)
    assert refused.value.field == "target"


def an_apprise_target(database: Database, receiver: Receiver) -> None:
    with database.writing() as session:
        clinic, staff = someone(session)
        target = receiver.url.replace("http://", "json://")
        point = add_contact(session, staff, kind="apprise", target=target, confirmed=True, by="test", now=NOW)
        write(session, clinic, staff, point, 1, "Stalled at 600 mcg/day")


def test_a_message_reaches_an_apprise_address_in_short_words_without_a_dose(
    tmp_path: Path, sqlite_database: Database
) -> None:
    with plain_receiver() as receiver:
        an_apprise_target(sqlite_database, receiver)
        with sending(tmp_path, sqlite_database):
            wait_until(lambda: states(sqlite_database) == [State.SENT.value], 60, "the message to be sent")
    [(_, told)] = receiver.calls
    assert "SN-1" in told["title"]
    assert "mcg" not in str(told)


def test_an_apprise_address_inside_is_refused_when_it_is_sent_to(tmp_path: Path, sqlite_database: Database) -> None:
    with plain_receiver() as receiver:
        an_apprise_target(sqlite_database, receiver)
        with sending(tmp_path, sqlite_database, allow=""):
            wait_until(lambda: _reason(sqlite_database), 60, "an attempt")
    assert "not a public address" in _reason(sqlite_database)
    assert receiver.calls == []


def _reason(database: Database) -> str:
    with database.reading() as session:
        found = session.exec(select(MessageAttempt)).first()
        return "" if found is None else found.detail
