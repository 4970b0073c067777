"""The tracker's signature on a renewal: HMAC over id, time and body, as the Standard Webhooks convention has it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Final

CLOCKS_MAY_DIFFER_S: Final = 300.0
ID, TIMESTAMP, SIGNATURE = "webhook-id", "webhook-timestamp", "webhook-signature"


class Refused(Exception):
    """The renewal is not the tracker's, or it is too old."""


def sent_at(secret: str, headers: Mapping[str, str], body: bytes) -> float:
    """When the tracker sent it, in Unix time by the tracker's clock. Raises ``Refused``."""
    found = {name.lower(): value for name, value in headers.items()}
    id_, stamp, given = (found.get(name, "") for name in (ID, TIMESTAMP, SIGNATURE))
    try:
        at = float(stamp)
    except ValueError:
        raise Refused("no signed renewal") from None
    signed = b".".join((id_.encode(), stamp.encode(), body))
    right = "v1," + base64.b64encode(hmac.new(secret.encode(), signed, hashlib.sha256).digest()).decode()
    if not any(hmac.compare_digest(right.encode(), one.encode()) for one in given.split(" ")):
        raise Refused("the signature is not the tracker's: is TRACKER_SENTINEL_SECRET alike on both machines?")
    apart = time.time() - at
    if not abs(apart) <= CLOCKS_MAY_DIFFER_S:
        raise Refused(f"the renewal is {apart:.0f} s old by the sentinel's clock: set the clocks of both machines")
    return at
