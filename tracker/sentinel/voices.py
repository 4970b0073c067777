"""The sentinel's own channels: mail by its own server, and signed webhooks."""

from __future__ import annotations

import json
import smtplib
import ssl
from datetime import UTC, datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime, parseaddr
from typing import Final
from urllib.parse import parse_qs, unquote, urlsplit

import httpx
from standardwebhooks import Webhook

from tracker.errors import StartupFault
from tracker.reachable_networks import Network, address_of
from tracker.sentinel.held import Saying

TIMEOUT_S: Final = 15.0


class Unsaid(Exception):
    """It could not be said; the text is the other end's reason, without the address."""


class Voices:
    """Says things. Raises ``StartupFault`` for a mail server's address that can't be read."""

    def __init__(self, smtp_url: str, sender: str, allowed: tuple[Network, ...]) -> None:
        self._allowed = allowed
        self._server = urlsplit(smtp_url)
        if smtp_url and (self._server.scheme not in {"smtp", "smtps"} or not self._server.hostname):
            raise StartupFault("TRACKER_SMTP_URL must look like smtp://user:password@host:587 or smtps://…")
        self._sender = sender or f"pump-tracker-sentinel@{self._server.hostname}"

    def say(self, one: Saying) -> None:
        """Say it. Raises ``Unsaid``."""
        try:
            if one.target.kind == "email":
                self._mail(one)
            else:
                self._post(one)
        except smtplib.SMTPRecipientsRefused as fault:
            code = next(iter(fault.recipients.values()))[0]
            raise Unsaid(f"the mail server refused the address: {code}") from None
        except smtplib.SMTPResponseException as fault:
            raise Unsaid(f"the mail server said {fault.smtp_code}") from None
        except (smtplib.SMTPException, httpx.HTTPError, OSError, ValueError) as fault:
            raise Unsaid(type(fault).__name__) from None

    def _mail(self, one: Saying) -> None:
        if not self._server.hostname:
            raise Unsaid("no mail server is set: set TRACKER_SMTP_URL on the sentinel's machine")
        message = EmailMessage(policy=SMTP)
        message["From"] = self._sender
        message["To"] = one.target.address
        message["Subject"] = one.subject
        message["Date"] = format_datetime(datetime.now(UTC))
        domain = parseaddr(self._sender)[1].rpartition("@")[2] or "pump-tracker.invalid"
        message["Message-ID"] = f"<{one.id}@{domain}>"
        message["Auto-Submitted"] = "auto-generated"
        message["Importance"] = "high"
        message["X-Priority"] = "1"
        message.set_content(one.text)
        with self._connected(self._server.hostname) as server:
            server.send_message(message, parseaddr(self._sender)[1], [one.target.address])

    def _connected(self, host: str) -> smtplib.SMTP:
        trusted = ssl.create_default_context()
        user = unquote(self._server.username or "")
        server: smtplib.SMTP
        if self._server.scheme == "smtps":
            server = smtplib.SMTP_SSL(host, self._server.port or 465, timeout=TIMEOUT_S, context=trusted)
        else:
            server = smtplib.SMTP(host, self._server.port or (587 if user else 25), timeout=TIMEOUT_S)
            server.ehlo()
            if server.has_extn("starttls"):
                server.starttls(context=trusted)
                server.ehlo()
            elif parse_qs(self._server.query).get("tls") == ["required"]:
                server.close()
                raise Unsaid("the mail server offers no encryption, and TRACKER_SMTP_URL requires it")
        if user:
            server.login(user, unquote(self._server.password or ""))
        return server

    def _post(self, one: Saying) -> None:
        parts = urlsplit(one.target.address)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise Unsaid("the webhook's address is no URL")
        now = datetime.now(UTC)
        data = {"what": one.subject, "why": one.text, **one.data}
        body = json.dumps({"type": one.type, "timestamp": now.isoformat(), "data": data}, ensure_ascii=False)
        headers = {
            "content-type": "application/json",
            "user-agent": "pump-tracker-sentinel",
            "host": parts.netloc.rpartition("@")[2],
            "webhook-id": one.id,
            "webhook-timestamp": str(int(now.timestamp())),
        }
        if one.target.secret:
            headers["webhook-signature"] = Webhook(one.target.secret).sign(one.id, now, body)
        port = parts.port or (443 if parts.scheme == "https" else 80)
        address = address_of(parts.hostname, port, self._allowed)
        at = f"[{address}]" if ":" in address else address
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
            answer = client.post(
                parts._replace(netloc=f"{at}:{port}").geturl(),
                content=body.encode(),
                headers=headers,
                extensions={"sni_hostname": parts.hostname},
            )
        if answer.status_code != 410 and not answer.is_success:  # 410 wants nothing more: that is an answer
            raise Unsaid(f"the receiver answered {answer.status_code}")
