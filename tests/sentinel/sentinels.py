"""A real sentinel process with a mail server and a webhook receiver of its own, for tests."""

from __future__ import annotations

import email
import email.policy
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import httpx
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session
from standardwebhooks import Webhook

from tests.servers import free_port, wait_until

SECRET = "a-secret-that-both-machines-know-of"
HOOK_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
TRACKER = str(Path(sys.executable).parent / "tracker")
ADMINISTRATOR = "it@clinic.example"
NURSE = "nurse@clinic.example"


@dataclass
class Mailbox:
    """An SMTP server that keeps what it takes; ``refuses``: it answers 451 to every mail."""

    port: int
    mails: list[EmailMessage] = field(default_factory=list)
    refuses: bool = False

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        if self.refuses:
            return "451 try later"
        content = envelope.content if isinstance(envelope.content, bytes) else b""
        found = email.message_from_bytes(content, policy=email.policy.default)
        assert isinstance(found, EmailMessage)
        self.mails.append(found)
        return "250 taken"

    def subjects(self, to: str) -> list[str]:
        return [str(one["Subject"]) for one in list(self.mails) if one["To"] == to]


@contextmanager
def mailbox() -> Iterator[Mailbox]:
    box = Mailbox(free_port())
    controller = Controller(box, hostname="127.0.0.1", port=box.port)
    controller.start()
    try:
        yield box
    finally:
        controller.stop()


@contextmanager
def receiver() -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A webhook receiver that believes only what is signed: its URL, and what it got."""
    got: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            got.append(
                Webhook(HOOK_SECRET).verify(body, dict(self.headers.items())) | {"id": self.headers["webhook-id"]}
            )
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/hook", got
        server.shutdown()


@dataclass
class Sentinel:
    """One sentinel with its folder; it can be killed and started again."""

    folder: Path
    port: int
    smtp_port: int
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    def start(self, *before: str) -> None:
        given = {
            "TRACKER_SENTINEL_DIR": str(self.folder),
            "TRACKER_SENTINEL_PORT": str(self.port),
            "TRACKER_SENTINEL_SECRET": SECRET,
            "TRACKER_SMTP_URL": f"smtp://127.0.0.1:{self.smtp_port}",
            "TRACKER_SMTP_FROM": "Sentinel <sentinel@clinic.example>",
            "TRACKER_WEBHOOK_ALLOW": "127.0.0.0/8",
        }
        log = self.folder.with_suffix(".log").open("ab")
        self.process = subprocess.Popen(
            [*before, TRACKER, "sentinel"],
            env={**os.environ, **given, **self.environment},
            stderr=log,
            start_new_session=True,
        )
        wait_until(lambda: self.health() is not None, 30, "the sentinel")

    def kill(self) -> None:
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)  # faketime has the sentinel as its child
        self.process.wait()

    def log(self) -> str:
        return self.folder.with_suffix(".log").read_text()

    def health(self) -> dict[str, Any] | None:
        try:
            found: dict[str, Any] = httpx.get(f"http://127.0.0.1:{self.port}/health", trust_env=False).json()
        except httpx.HTTPError:
            return None
        return found

    def put(self, document: object, *, secret: str = SECRET, at: datetime | None = None) -> httpx.Response:
        return self.put_bytes(json.dumps(document).encode(), secret=secret, at=at)

    def put_bytes(self, body: bytes, *, secret: str = SECRET, at: datetime | None = None) -> httpx.Response:
        moment = at or datetime.now(UTC)
        headers = {
            "webhook-id": "renewal",
            "webhook-timestamp": str(int(moment.timestamp())),
            "webhook-signature": Webhook(secret.encode()).sign("renewal", moment, body.decode()),
        }
        return httpx.put(f"http://127.0.0.1:{self.port}/ladder", content=body, headers=headers, trust_env=False)


@contextmanager
def sentinel(folder: Path, box: Mailbox, **environment: str) -> Iterator[Sentinel]:
    one = Sentinel(folder / "sentinel", free_port(), box.port, environment)
    one.start()
    try:
        yield one
    finally:
        if one.process is not None and one.process.poll() is None:
            os.killpg(one.process.pid, signal.SIGTERM)
            one.process.wait(20)


def step(id_: str, in_s: float, *to: dict[str, str], subject: str = "") -> dict[str, Any]:
    """A step that is due so many seconds from now."""
    return {
        "id": id_,
        "due_at": (datetime.now(UTC) + timedelta(seconds=in_s)).isoformat(),
        "to": list(to) or [{"kind": "email", "target": NURSE}],
        "subject": subject or f"Alarm {id_}",
        "text": "Pump B1234567 has stalled and nobody has it.\n",
    }


def ladder(sequence: int, *steps: dict[str, Any], after_s: float = 300) -> dict[str, Any]:
    """A renewal of the tracker."""
    return {
        "tracker": "https://pumps.example.org",
        "sequence": sequence,
        "steps": list(steps),
        "silent": {
            "after_s": after_s,
            "to": [{"kind": "email", "target": ADMINISTRATOR}],
            "subject": "Pump tracker is silent",
            "text": "No renewal came.\n",
        },
    }


def waited(seconds: float) -> None:
    """Let time pass in which nothing may happen."""
    time.sleep(seconds)
