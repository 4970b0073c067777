"""The outbox is delivered to real receivers: in order, at least once, with the same id, and every refusal is kept."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from pydantic import SecretStr
from sqlmodel import Session, col, select

from tests import build
from tests.build import NOW
from tests.send.receivers import SECRET, Receiver, mailbox, webhook_receiver
from tests.servers import free_port, wait_until
from tracker.actions.messages.contacts import add_contact
from tracker.errors import Invalid
from tracker.reachable_networks import allowed_networks
from tracker.records.column_types import key
from tracker.records.contact_point import ContactPoint
from tracker.records.database import Database
from tracker.records.message import Message, MessageAttempt, Outgoing, State, Type, enqueue
from tracker.records.pump import Clinic
from tracker.records.staff import Staff
from tracker.records.worklist import WorklistItem
from tracker.send.run import run
from tracker.settings import Settings

LOOPBACK = allowed_networks("127.0.0.0/8")
HARMFUL = "stalled\r\nBcc: everybody@elsewhere.example\r\n\r\n<script>alert(1)</script>"


def someone(session: Session) -> tuple[Clinic, Staff]:
    clinic = build.a_clinic(session)
    return clinic, build.a_person(session, clinic, role="nurse")


def write(
    session: Session, clinic: Clinic, staff: Staff, point: ContactPoint, count: int, what: str = "Stalled"
) -> None:
    data = {
        "clinic": clinic.name,
        "priority": "high",
        "pump": "SN-1",
        "what": what,
        "why": "",
        "since": NOW.isoformat(),
    }
    one = Outgoing(key(point.id), key(staff.id), key(clinic.id), None, Type.OPENED, 3, data)
    enqueue(session, [one] * count, datetime.now(UTC))


@contextmanager
def sending(tmp_path: Path, database: Database, smtp_url: str = "", allow: str = "127.0.0.0/8") -> Iterator[None]:
    """``tracker send`` at work, in a thread of this process."""
    stop = threading.Event()
    given = Settings(
        data_dir=tmp_path / "data",
        database_url=database.url.render_as_string(hide_password=False),
        secret_key=SecretStr("a key for tests, of 32 characters"),
        webhook_allow=allow,
        smtp_url=SecretStr(smtp_url),
        smtp_from="pumps@clinic.example",
    )
    thread = threading.Thread(target=run, args=(given, stop))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join(30)
        assert not thread.is_alive()


def states(database: Database) -> list[str]:
    with database.reading() as session:
        return [one.state for one in session.exec(select(Message).order_by(col(Message.number)))]


def a_hook(database: Database, hook: Receiver, count: int) -> None:
    with database.writing() as session:
        clinic, staff = someone(session)
        point = add_contact(
            session,
            staff,
            kind="webhook",
            target=hook.url,
            secret=SECRET,
            confirmed=True,
            allowed=LOOPBACK,
            by="t",
            now=NOW,
        )
        write(session, clinic, staff, point, count)


def test_a_receiver_that_fails_gets_every_message_in_order_and_each_again_under_its_id(
    tmp_path: Path, database: Database
) -> None:
    with webhook_receiver() as hook:
        hook.status = 500
        a_hook(database, hook, 5)
        with sending(tmp_path, database):
            wait_until(lambda: len(hook.calls) >= 2, 30, "two attempts")
            assert len(set(hook.took())) == 1, "a later message passed the first"
            hook.status = 200
            wait_until(lambda: states(database) == [State.SENT.value] * 5, 60, "all to be sent")
    seen = list(dict.fromkeys(hook.took()))
    with database.reading() as session:
        assert seen == [one.id for one in session.exec(select(Message).order_by(col(Message.number)))]
        reasons = {one.detail for one in session.exec(select(MessageAttempt).where(MessageAttempt.outcome == "failed"))}
    assert reasons
    assert all("500" in one for one in reasons)
    assert hook.forged == 0


def test_a_receiver_that_says_gone_ends_the_contact_point_and_a_task_says_so(
    tmp_path: Path, database: Database
) -> None:
    with webhook_receiver() as hook:
        hook.status = 410
        a_hook(database, hook, 2)
        with sending(tmp_path, database):
            wait_until(lambda: set(states(database)) == {State.FAILED.value}, 30, "the messages to be given up")
    with database.reading() as session:
        assert session.exec(select(ContactPoint)).one().ended_at is not None
        assert session.exec(select(WorklistItem.kind)).all() == ["notify"]
    assert len(hook.calls) == 1


def test_a_redirect_is_not_followed(tmp_path: Path, database: Database) -> None:
    with webhook_receiver() as inside, webhook_receiver() as hook:
        hook.status, hook.location = 302, inside.url
        a_hook(database, hook, 1)
        with sending(tmp_path, database):
            wait_until(lambda: len(hook.calls) >= 2, 30, "two attempts")
    assert inside.calls == []
    assert states(database) == [State.QUEUED.value]


@pytest.mark.parametrize(
    "target",
    [
        "http://127.0.0.1:9/x",
        "http://localhost/x",
        "http://[::1]/x",
        "http://10.0.0.1/x",
        "http://192.168.1.1/x",
        "http://169.254.169.254/latest/meta-data",
        "http://[::ffff:127.0.0.1]/x",
        "http://2130706433/x",
        "http://0.0.0.0/x",
        "file:///etc/passwd",
        "http://",
    ],
)
def test_a_webhook_to_an_inside_address_is_refused_unless_the_operator_allows_it(
    database: Database, target: str
) -> None:
    with database.writing() as session:
        _, staff = someone(session)
        with pytest.raises(Invalid):
            add_contact(session, staff, kind="webhook", target=target, by="test", now=NOW)


def test_mail_waits_for_a_server_that_is_down_and_keeps_its_message_id(tmp_path: Path, database: Database) -> None:
    port = free_port()
    with database.writing() as session:
        clinic, staff = someone(session)
        point = add_contact(session, staff, kind="email", target="n@clinic.example", confirmed=True, by="t", now=NOW)
        write(session, clinic, staff, point, 2, HARMFUL)
    with sending(tmp_path, database, smtp_url=f"smtp://127.0.0.1:{port}"):
        wait_until(lambda: _failed(database), 30, "a failed attempt")
        with mailbox(port) as box:
            wait_until(lambda: states(database) == [State.SENT.value] * 2, 90, "both mails to be sent")
    with database.reading() as session:
        ids = [one.id for one in session.exec(select(Message).order_by(col(Message.number)))]
    assert [mail["Message-ID"].strip("<>").partition("@")[0] for mail in box.mails] == ids
    for mail in box.mails:
        assert mail["Bcc"] is None
        assert mail["To"] == "n@clinic.example"
        html = mail.get_body(("html",))
        assert html is not None
        assert "<script>" not in html.get_content()


def _failed(database: Database) -> bool:
    with database.reading() as session:
        return session.exec(select(MessageAttempt)).first() is not None


def test_a_message_that_could_not_leave_for_a_day_becomes_a_task(tmp_path: Path, database: Database) -> None:
    with webhook_receiver() as hook:
        hook.status = 503
        a_hook(database, hook, 1)
        with database.writing() as session:
            message = session.exec(select(Message)).one()
            now = datetime.now(UTC)
            message.created_at, message.give_up_at = now - timedelta(hours=25), now - timedelta(hours=1)
            session.add(message)
        with sending(tmp_path, database):
            wait_until(lambda: states(database) == [State.FAILED.value], 30, "the message to be given up")
    with database.reading() as session:
        assert session.exec(select(WorklistItem.kind)).all() == ["notify"]
