"""Web push to a browser or telephone: encrypted for that browser alone (RFC 8291), signed by our key (RFC 8292)."""

from __future__ import annotations

import json
from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from pydantic import ValidationError
from webpush import WebPush, WebPushSubscription

from tracker.reachable_networks import Network
from tracker.records.contact_point import ContactPoint
from tracker.send.http_post import post
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Outcome

_GONE: Final = frozenset({HTTPStatus.NOT_FOUND, HTTPStatus.GONE})
"""By these the push service says that the subscription is over (RFC 8030)."""
_KEPT_S: Final = 24 * 3600
"""So long the push service keeps a message for a telephone that is switched off."""


@dataclass(frozen=True, slots=True)
class PushSender:
    """Pushes by our key; ``subscriber`` is the address that a push service may write to."""

    key: ec.EllipticCurvePrivateKey
    subscriber: str
    allowed: tuple[Network, ...]

    def send(self, letter: Letter, point: ContactPoint) -> Outcome:
        """Hand it to the browser's push service."""
        try:
            keys = json.loads(point.secret or "")
            subscription = WebPushSubscription.model_validate({"endpoint": point.target, "keys": keys})
            message = self._web_push().get(_payload(letter), subscription, subscriber=self.subscriber)
        except (ValueError, ValidationError) as fault:
            return Failed(f"the subscription can't be read ({type(fault).__name__}): subscribe again", alone=True)
        headers = {name: str(value) for name, value in message.headers.items()}
        headers |= {
            "content-type": "application/octet-stream",
            "urgency": "high" if letter.data.get("priority") == "high" else "normal",
        }
        return post(point.target, headers, message.encrypted, self.allowed, gone=_GONE)

    def _web_push(self) -> WebPush:
        private = self.key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = self.key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        return WebPush(private, public, ttl=_KEPT_S)


def _payload(letter: Letter) -> str:
    """What the service worker shows: ``id`` is the message's, by which it knows one that comes a second time."""
    link = letter.data.get("acknowledge_link") or letter.data.get("link") or ""
    shown = {
        "id": letter.id,
        "type": letter.type.value,
        "title": letter.brief_subject,
        "body": letter.short().removesuffix(str(link)).strip(),
        "link": link,
        "priority": letter.data.get("priority"),
    }
    return json.dumps(shown)
