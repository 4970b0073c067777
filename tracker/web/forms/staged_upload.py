"""An uploaded list of pumps between dry run and enrollment: the page holds it, so that nobody chooses the file twice.

The server keeps nothing. The form's hidden field carries the very bytes that were tried, packed and signed with the
installation's key for the session that tried them, for half an hour. Any process can take it up; nobody can put another
list, another session's or one of yesterday in its place, and nothing is unpacked before its signature is found good.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import zlib
from datetime import datetime, timedelta
from typing import Final

from tracker.errors import Invalid

HELD_FOR: Final = timedelta(minutes=30)
LONGEST: Final = 1_000_000  #: characters of a form's field; a longer list is chosen from the disk again
_SIGNATURE_BYTES: Final = 32
_TIME_BYTES: Final = 8


def hold(key: bytes, session_digest: str, data: bytes, now: datetime) -> str | None:
    """The list as the form's field carries it; None where it is too long for one."""
    until = int((now + HELD_FOR).timestamp()).to_bytes(_TIME_BYTES, "big")
    body = until + zlib.compress(data, 6)
    held = base64.urlsafe_b64encode(_sign(key, session_digest, body) + body).decode()
    return held if len(held) <= LONGEST else None


def held(key: bytes, session_digest: str, field: str, now: datetime) -> bytes:
    """The list that ``hold`` packed for this session. Raises ``Invalid`` for any other, and for one held too long."""
    try:
        raw = base64.urlsafe_b64decode(field.encode("ascii"))
    except (UnicodeEncodeError, binascii.Error):
        raw = b""
    signature, body = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
    if not session_digest or not hmac.compare_digest(signature, _sign(key, session_digest, body)):
        raise Invalid("the list that was tried is not held for this sign-in: choose the file again", field="file")
    if now.timestamp() >= int.from_bytes(body[:_TIME_BYTES], "big"):
        raise Invalid("the list was tried more than half an hour ago: choose the file again", field="file")
    return zlib.decompress(body[_TIME_BYTES:])


def _sign(key: bytes, session_digest: str, body: bytes) -> bytes:
    return hmac.digest(key, b"list\0" + session_digest.encode("utf-8", "replace") + b"\0" + body, hashlib.sha256)
