"""Web push, from the subscription to what the browser shows: encrypted for it alone, signed, ended when it is gone."""

from __future__ import annotations

import json
import re
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from sqlmodel import select

from tests.build import NOW
from tests.send.push_service import PushService, push_service
from tests.send.test_delivery import LOOPBACK, someone, states, write
from tests.send.test_processes import sender
from tests.servers import wait_until
from tracker.actions.messages.contacts import add_contact
from tracker.errors import Invalid
from tracker.push_key import browser_key, push_key
from tracker.records.contact_point import ContactPoint
from tracker.records.database import Database
from tracker.records.message import Message, State
from tracker.records.worklist import WorklistItem

GOOD = PushService("https://push.example/one").subscription()


def subscribe(database: Database, service: PushService, count: int, what: str = "Stalled") -> None:
    with database.writing() as session:
        clinic, staff = someone(session)
        target = json.dumps(service.subscription())
        point = add_contact(
            session, staff, kind="push", target=target, confirmed=True, allowed=LOOPBACK, by="test", now=NOW
        )
        write(session, clinic, staff, point, count, what)


def test_the_browser_reads_what_the_sender_pushed_and_no_one_else_could(tmp_path: Path, database: Database) -> None:
    with push_service() as service, sender(tmp_path, database):
        subscribe(database, service, 1, what="Motor stalled at 300 mcg a day")
        wait_until(lambda: states(database) == [State.SENT.value], 60, "the push to be sent")
    ((headers, told),) = service.shown
    with database.reading() as session:
        message = session.exec(select(Message)).one()
        assert message.delivered
    assert told["id"] == message.id
    assert told["title"].startswith("HIGH: SN-1 · Motor stalled")
    assert "300 mcg" not in json.dumps(told)
    assert "/a/" in told["link"]
    assert headers["urgency"] == "high"
    assert headers["content-encoding"] == "aes128gcm"
    token, key = re.fullmatch(r"vapid t=([^,]+), ?k=(\S+)", headers["authorization"]).groups()  # type: ignore[union-attr]
    ours = push_key("", tmp_path / "data")
    assert key == browser_key(ours)
    public = ours.public_key()
    assert isinstance(public, ec.EllipticCurvePublicKey)
    said = jwt.decode(token, public, algorithms=["ES256"], options={"verify_aud": False})
    assert said["aud"].startswith("http://127.0.0.1")
    assert said["sub"].startswith("mailto:")


@pytest.mark.parametrize("status", [404, 410])
def test_a_push_service_that_no_longer_knows_the_browser_ends_the_contact_point(
    tmp_path: Path, database: Database, status: int
) -> None:
    with push_service() as service, sender(tmp_path, database):
        service.status = status
        subscribe(database, service, 2)
        wait_until(lambda: set(states(database)) == {State.FAILED.value}, 60, "the messages to be given up")
    assert len(service.shown) == 1
    with database.reading() as session:
        assert session.exec(select(ContactPoint)).one().ended_at is not None
        assert session.exec(select(WorklistItem.kind)).all() == ["notify"]


@pytest.mark.parametrize(
    "given",
    [
        "https://push.example/one",
        "[]",
        "{",
        "{}",
        json.dumps({**GOOD, "endpoint": "https://127.0.0.1/one"}),
        json.dumps({**GOOD, "endpoint": "https://[::1]/one"}),
        json.dumps({**GOOD, "endpoint": "http://192.0.2.1/one"}),
        json.dumps({**GOOD, "endpoint": "file:///etc/passwd"}),
        json.dumps({**GOOD, "endpoint": 7}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "auth": "c2hvcnQ"}}),
        json.dumps({**GOOD, "keys": {**GOOD["keys"], "p256dh": "BA" + "A" * 85}}),
        json.dumps({**GOOD, "keys": {"auth": GOOD["keys"]["auth"]}}),
        json.dumps({**GOOD, "keys": []}),
    ],
)
def test_what_is_no_subscription_to_a_public_push_service_is_refused(sqlite_database: Database, given: str) -> None:
    with sqlite_database.writing() as session:
        _, staff = someone(session)
        with pytest.raises(Invalid):
            add_contact(session, staff, kind="push", target=given, by="test", now=NOW)
        assert session.exec(select(ContactPoint)).all() == []


def test_an_endpoint_with_its_keys_beside_it_is_the_same_as_the_whole(sqlite_database: Database) -> None:
    with sqlite_database.writing() as session:
        _, staff = someone(session)
        whole = add_contact(session, staff, kind="push", target=json.dumps(GOOD), by="test", now=NOW)
        _, other = someone(session)
        apart = add_contact(
            session, other, kind="push", target=GOOD["endpoint"], secret=json.dumps(GOOD["keys"]), by="test", now=NOW
        )
        assert (whole.target, whole.secret) == (apart.target, apart.secret)
