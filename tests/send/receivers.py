"""Real receivers for messages: a mail server and a webhook receiver that checks signatures, each with its faults."""

from __future__ import annotations

import email
import email.policy
import json
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks import Webhook

from tests.servers import free_port

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="


@dataclass
class Mailbox:
    """A mail server. ``answer`` is what it says to each mail: 250 takes it."""

    port: int
    answer: str = "250 taken"
    mails: list[EmailMessage] = field(default_factory=list)
    times: list[float] = field(default_factory=list)  # when each was there, on the monotonic clock

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - its name
        if self.answer.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            parsed = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(parsed, EmailMessage)
            self.times.append(time.monotonic())
            self.mails.append(parsed)
        return self.answer

    def first_about(self, words: str) -> float | None:
        """When the first mail with those words in its subject was there."""
        arrived = zip(list(self.mails), self.times, strict=False)
        return next((at for mail, at in arrived if words in str(mail["Subject"])), None)


@contextmanager
def mailbox(port: int = 0) -> Iterator[Mailbox]:
    """A mail server at work."""
    box = Mailbox(port or free_port())
    server = Controller(box, hostname="127.0.0.1", port=box.port)
    server.start()
    try:
        yield box
    finally:
        server.stop()


@dataclass
class Receiver:
    """A webhook receiver. ``status`` is what it answers; ``calls`` are the ids and bodies that were signed rightly."""

    url: str = ""
    status: int = 200
    location: str = ""
    seconds: float = 0.0  # how long it takes to answer
    calls: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    forged: int = 0

    def took(self) -> list[str]:
        """The ids in the order of arrival."""
        return [one for one, _ in self.calls]


@contextmanager
def webhook_receiver(port: int = 0, *, is_signed: bool = True) -> Iterator[Receiver]:
    """A receiver at work; it verifies each call as any receiver would, by the convention's own library."""
    receiver = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            try:
                if is_signed:
                    Webhook(SECRET).verify(body, dict(self.headers))
                receiver.calls.append((self.headers.get("webhook-id", ""), json.loads(body)))
            except Exception:  # noqa: BLE001 - whatever is wrong with it, it is no call of ours
                receiver.forged += 1
            time.sleep(receiver.seconds)
            self.send_response(receiver.status)
            if receiver.location:
                self.send_header("location", receiver.location)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            """Say nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    receiver.url = f"http://127.0.0.1:{server.server_port}/hook"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def plain_receiver() -> AbstractContextManager[Receiver]:
    """One of JSON that nobody signs, as an Apprise address of ``json://`` sends it."""
    return webhook_receiver(is_signed=False)
