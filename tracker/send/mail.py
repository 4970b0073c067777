"""Mail by SMTP: plain text and HTML, with a Message-ID that stays the same when it is sent again."""

from __future__ import annotations

import smtplib
import ssl
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

from tracker.errors import StartupFault
from tracker.records.contact_point import ContactPoint
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Outcome, Sent

TIMEOUT_S: Final = 15.0


class MailServer:
    """The server of TRACKER_SMTP_URL. Raises ``StartupFault`` for an address that can't be read."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        options = parse_qs(parts.query)
        if parts.scheme not in {"smtp", "smtps"} or not parts.hostname:
            raise StartupFault("TRACKER_SMTP_URL must look like smtp://user:password@host:587 or smtps://…")
        self._host = parts.hostname
        self._port = parts.port or (465 if parts.scheme == "smtps" else 587 if parts.username else 25)
        self._wrapped = parts.scheme == "smtps"
        self._needs_tls = options.get("tls") == ["required"]
        self._user, self._password = unquote(parts.username or ""), unquote(parts.password or "")
        self._sender = sender or f"pump-tracker@{self._host}"
        self._domain = parseaddr(self._sender)[1].rpartition("@")[2] or "pump-tracker.invalid"

    def send(self, letter: Letter, point: ContactPoint) -> Outcome:
        """Hand it to the server. A refusal of this mail alone lets later ones pass."""
        try:
            message = self._composed(letter, point.target)
            with self._connected() as server:
                server.send_message(message, parseaddr(self._sender)[1], [point.target])
        except smtplib.SMTPRecipientsRefused as fault:
            return Failed(f"the mail server refused the address: {_said(next(iter(fault.recipients.values())))}", True)
        except smtplib.SMTPResponseException as fault:
            said = _said((fault.smtp_code, fault.smtp_error))
            return Failed(f"the mail server said {said}", alone=isinstance(fault, smtplib.SMTPDataError))
        except (smtplib.SMTPException, OSError, ValueError) as fault:
            return Failed(f"{self._host}:{self._port}: {str(fault) or type(fault).__name__}")
        return Sent(delivered=False, detail=f"taken by {self._host}")

    def _composed(self, letter: Letter, to: str) -> EmailMessage:
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = to
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

    def _connected(self) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        server: smtplib.SMTP
        if self._wrapped:
            server = smtplib.SMTP_SSL(self._host, self._port, timeout=TIMEOUT_S, context=trusted)
        else:
            server = smtplib.SMTP(self._host, self._port, timeout=TIMEOUT_S)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=trusted)
                server.ehlo()
            elif self._needs_tls:
                server.close()
                raise smtplib.SMTPException("the server offers no encryption, and TRACKER_SMTP_URL requires it")
        if self._user:
            server.login(self._user, self._password)
        return server


def _said(answer: tuple[int, bytes | str]) -> str:
    code, words = answer
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return f"{code} {' '.join(text.split())[:200]}"
