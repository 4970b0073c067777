"""Mail servers that fail: each failure is told with the server's own words, and never taken for a delivery."""

from __future__ import annotations

import socket
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.broker.certificates import Authority
from tests.send.receivers import mailbox
from tracker.records.contact_point import ContactPoint
from tracker.records.message import Type
from tracker.send.letter import Letter
from tracker.send.mail import MailServer
from tracker.send.outcome import Failed, Outcome, Sent

NOW = datetime(2026, 11, 28, 10, tzinfo=UTC)
HARMFUL = (
    "x\r\nBcc: everybody@elsewhere.example\r\n\r\nbody\u2028Cc: one@elsewhere.example\x85To: two@elsewhere.example\0"
)


def a_letter(**data: Any) -> Letter:
    given = {"clinic": "North", "priority": "high", "pump": "SN-1", "what": "Stalled", "since": NOW.isoformat()}
    return Letter("msg_" + "0" * 32, Type.OPENED, NOW, "Europe/Berlin", given | data)


def sent_to(port: int, letter: Letter | None = None, query: str = "") -> Outcome:
    point = ContactPoint(staff_id=1, kind="email", target="n@clinic.example", created_at=NOW, created_by="test")
    return MailServer(f"smtp://127.0.0.1:{port}{query}", "pumps@clinic.example").send(letter or a_letter(), point)


Talk = Callable[[socket.socket], None]


@contextmanager
def a_server(talk: Talk) -> Iterator[int]:
    """A server that does with each connection what it is told to; its port."""
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listening.accept()
                    with connection, suppress(OSError):
                        talk(connection)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def answering(**answers: bytes) -> Talk:
    """A server that takes everything, but answers those commands (the greeting is ``HELO_``) in another way."""

    def talk(connection: socket.socket) -> None:
        lines = connection.makefile("rb")
        connection.sendall(answers.get("greeting", b"220 here\r\n"))
        for line in lines:
            word = line.split()[0].decode().lower() if line.strip() else ""
            if word == "data" and "data" not in answers:
                connection.sendall(b"354 go on\r\n")
                while lines.readline() not in {b".\r\n", b""}:
                    if "half" in answers:
                        connection.shutdown(socket.SHUT_RDWR)
                        return
                word = "taken"
            connection.sendall(answers.get(word, b"250 fine\r\n"))

    return talk


@pytest.mark.parametrize(
    ("answers", "said", "alone"),
    [
        ({"rcpt": b"451 4.7.1 Greylisted, try again in five minutes\r\n"}, "451 4.7.1 Greylisted", False),
        ({"mail": b"421 4.3.2 going down\r\n"}, "421 4.3.2 going down", False),
        ({"greeting": b"554 no service\r\n"}, "554", False),
        ({"taken": b"552 5.3.4 message too big\r\n"}, "552 5.3.4 message too big", True),
        ({"taken": b"452 4.3.1 disk full\r\n"}, "452 4.3.1 disk full", False),
        ({"rcpt": b"550 5.1.1 no such user\r\n"}, "550 5.1.1 no such user", False),
        ({"half": b""}, "", False),
        ({"ehlo": b"250-here\r\n250 STARTTLS\r\n", "starttls": b"454 4.7.0 not now\r\n"}, "", False),
    ],
)
def test_what_a_mail_server_refuses_is_told_in_its_words_and_is_no_delivery(
    answers: dict[str, bytes], said: str, alone: bool
) -> None:
    with a_server(answering(**answers)) as port:
        outcome = sent_to(port)
    assert isinstance(outcome, Failed), outcome
    assert said in outcome.reason
    assert outcome.alone is alone


def test_a_server_without_encryption_gets_nothing_where_encryption_is_required() -> None:
    with mailbox() as box:
        outcome = sent_to(box.port, query="?tls=required")
        assert isinstance(outcome, Failed)
        assert "requires it" in outcome.reason
        assert box.mails == []


def test_a_server_whose_certificate_nobody_trusts_gets_nothing(tmp_path: Path) -> None:
    heard: list[bytes] = []

    def talk(connection: socket.socket) -> None:
        connection.sendall(b"220 here\r\n")
        connection.recv(1000)
        connection.sendall(b"250-here\r\n250 STARTTLS\r\n")
        connection.recv(1000)
        connection.sendall(b"220 go on\r\n")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(*certificate)
        with context.wrap_socket(connection, server_side=True) as wrapped:
            heard.append(wrapped.recv(1000))

    certificate = Authority(tmp_path, "nobody").issue("elsewhere", server=True)
    with a_server(talk) as port:
        outcome = sent_to(port)
    assert isinstance(outcome, Failed)
    assert "no encrypted connection" in outcome.reason
    assert heard == []


def test_nothing_that_a_pump_or_a_person_wrote_becomes_a_header_of_the_mail() -> None:
    fields = ("clinic", "pump", "patient", "what", "why", "next_step", "since", "priority")
    with mailbox() as box:
        assert isinstance(sent_to(box.port, a_letter(**dict.fromkeys(fields, HARMFUL))), Sent)
        assert isinstance(sent_to(box.port), Sent)
        harmed, plain = box.mails
    assert {name.lower() for name in harmed} <= {name.lower() for name in plain}
    assert harmed["To"] == "n@clinic.example"
    assert len(harmed.get_all("To", [])) == len(harmed.get_all("Subject", [])) == 1
    assert str(harmed["Subject"]).isprintable()
