"""Cursors: where the next page of a list begins, opaque and signed, so that nobody can forge one."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

from tracker.errors import NotFound

_SIGNATURE_BYTES = 12


def write_cursor(key: bytes, scope: str, place: list[Any]) -> str:
    """A cursor for that list (``scope`` names the list and its filters) and place."""
    body = json.dumps(place, separators=(",", ":")).encode()
    return base64.urlsafe_b64encode(_sign(key, scope, body) + body).decode().rstrip("=")


def read_cursor(key: bytes, scope: str, cursor: str | None, kinds: tuple[type, ...]) -> list[Any] | None:
    """The place that a cursor names; None where none was given. One that this list never gave out is ``NotFound``."""
    if cursor is None:
        return None
    try:
        raw = base64.urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4))
        signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        place = json.loads(body) if hmac.compare_digest(signature, _sign(key, scope, body)) else None
    except ValueError:
        place = None
    if not isinstance(place, list) or [type(item) for item in place] != list(kinds):
        raise NotFound("the cursor is not one that this list gave out", field="cursor")
    return place


def _sign(key: bytes, scope: str, body: bytes) -> bytes:
    return hmac.new(key, b"cursor\0" + scope.encode() + b"\0" + body, hashlib.sha256).digest()[:_SIGNATURE_BYTES]
