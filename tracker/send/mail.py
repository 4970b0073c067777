"""Mail by SMTP: plain text and HTML, with a Message-ID that stays the same when it is sent again."""

from __future__ import annotations

import contextlib
import smtplib
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP, SMTPUTF8
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from tracker.errors import StartupFault
from tracker.records.contact_point import ContactPoint
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Outcome, Sent

TIMEOUT_S: Final = 10.0
WITHIN_S: Final = 20.0
"""For the whole of one mail, so that a server that answers a letter at a time holds nobody up."""
_FAULT: Final = "TRACKER_SMTP_URL must look like smtp://user:password@host:587 or smtps://…, with ?tls=required at will"


class MailServer:
    """The server of TRACKER_SMTP_URL. Raises ``StartupFault`` for an address or a sender that can't be read."""

    def __init__(self, url: str, sender: str) -> None:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            raise StartupFault(_FAULT) from None
        wanted = parse_qs(parts.query).get("tls", ["offered"])[0]
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname or wanted not in {"offered", "required"}:
            raise StartupFault(_FAULT)
        self._host = parts.hostname
        self._port = port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25)
        self._wrapped = parts.scheme == "smtps"
        self._needs_tls = wanted == "required"
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        name, address = parseaddr(sender or f"Pump Tracker <pump-tracker@{self._host}>")
        if "@" not in address or not (name + address).isprintable():
            raise StartupFault("TRACKER_SMTP_FROM must look like Pump Tracker <pumps@example.org>")
        self._sender = address
        local, _, domain = address.rpartition("@")
        self._from = Address(name, local, domain)
        self._domain = domain.strip("[]")

    def send(self, letter: Letter, point: ContactPoint) -> Outcome:
        """Hand it to the server. A refusal of this mail alone lets later ones pass."""
        try:
            message = self._composed(letter, point.target)
            with self._connected() as server:
                server.send_message(message, self._sender, [point.target])
        except smtplib.SMTPRecipientsRefused as fault:
            return Failed(f"the mail server refused the address: {_said(next(iter(fault.recipients.values())))}")
        except smtplib.SMTPResponseException as fault:
            said = _said((fault.smtp_code, fault.smtp_error))
            alone = isinstance(fault, smtplib.SMTPDataError) and fault.smtp_code >= 500
            return Failed(f"the mail server said {said}", alone=alone)
        except ssl.SSLError as fault:
            return Failed(f"{self._host}:{self._port}: no encrypted connection: {fault.reason or fault}")
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            return Failed(f"{self._host}:{self._port}: {str(fault) or type(fault).__name__}")
        return Sent(delivered=False, detail=f"taken by {self._host}")

    def _composed(self, letter: Letter, to: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP if to.isascii() else SMTPUTF8)
        message["From"] = self._from
        message["To"] = Address(addr_spec=to)
        message["Subject"] = letter.subject
        message["Date"] = format_datetime(letter.created_at)
        message["Message-ID"] = f"<{letter.id}@{self._domain}>"
        message["Auto-Submitted"] = "auto-generated"
        if str(letter.data.get("priority")) == "high":
            message["Importance"] = "high"
            message["X-Priority"] = "1"
        message.set_content(letter.text())
        message.add_alternative(letter.html(), subtype="html")
        return message

    @contextmanager
    def _connected(self) -> Iterator[smtplib.SMTP]:
        """A connection with encryption and sign-in, cut after ``WITHIN_S`` whatever it does."""
        trusted = ssl.create_default_context()
        server: smtplib.SMTP
        if self._wrapped:
            server = smtplib.SMTP_SSL(timeout=TIMEOUT_S, context=trusted)
        else:
            server = smtplib.SMTP(timeout=TIMEOUT_S)
        server._host = self._host  # type: ignore[attr-defined]  # noqa: SLF001 - the name that the certificate must have
        cut = threading.Timer(WITHIN_S, _cut, [server])
        cut.daemon = True
        cut.start()
        try:
            code, words = server.connect(self._host, self._port)
            if code != 220:
                raise smtplib.SMTPConnectError(code, words)
            server.ehlo()
            if not self._wrapped:
                if server.has_extn("starttls"):
                    server.starttls(context=trusted)
                    server.ehlo()
                elif self._needs_tls:
                    raise smtplib.SMTPException("the server offers no encryption, and TRACKER_SMTP_URL requires it")
            if self._user:
                server.login(self._user, self._password)
            yield server
            with contextlib.suppress(smtplib.SMTPException, OSError):  # the mail is taken, whatever it says now
                server.quit()
        finally:
            cut.cancel()
            server.close()


def _cut(server: smtplib.SMTP) -> None:
    connection = server.sock
    if connection is not None:
        with contextlib.suppress(OSError):
            connection.shutdown(socket.SHUT_RDWR)


def _said(answer: tuple[int, bytes | str]) -> str:
    code, words = answer
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())[:200]}"
