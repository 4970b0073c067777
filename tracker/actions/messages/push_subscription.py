"""A browser's push subscription, as ``PushSubscription.toJSON()`` gives it: where to push, and its two keys."""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final, NamedTuple

from cryptography.hazmat.primitives.asymmetric import ec

from tracker.errors import Invalid

_AUTH_BYTES: Final = 16
_LONGEST_ENDPOINT: Final = 1000


class Subscription(NamedTuple):
    """``endpoint``: an address at the push service, known to this browser alone; ``keys``: as they are stored."""

    endpoint: str
    keys: str


def read_subscription(target: str, secret: str | None = None) -> Subscription:
    """Read it from its JSON, or from an endpoint with its keys as JSON beside it. Raises ``Invalid``."""
    given: dict[str, Any] = _object(target) if target.startswith("{") else {"endpoint": target}
    keys = given.get("keys") or (_object(secret) if secret else given)
    endpoint = given.get("endpoint")
    if not isinstance(endpoint, str) or not 0 < len(endpoint) <= _LONGEST_ENDPOINT or not isinstance(keys, dict):
        raise Invalid("a push subscription has an endpoint and the keys p256dh and auth", field="target")
    p256dh, auth = _decoded(keys.get("p256dh")), _decoded(keys.get("auth"))
    try:
        ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), p256dh)
    except ValueError:
        raise Invalid("the subscription's key p256dh is no public key of the curve P-256", field="target") from None
    if len(auth) != _AUTH_BYTES:
        raise Invalid(f"the subscription's key auth has {_AUTH_BYTES} bytes", field="target")
    return Subscription(endpoint, json.dumps({"auth": _encoded(auth), "p256dh": _encoded(p256dh)}))


def _object(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise Invalid("this is not the JSON of a push subscription", field="target")
    return found


def _decoded(text: object) -> bytes:
    """Bytes of base64url, with or without padding; none where it is not that."""
    if not isinstance(text, str):
        return b""
    try:
        return base64.b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""


def _encoded(raw: bytes) -> str:
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")
