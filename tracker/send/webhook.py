"""Webhooks by the Standard Webhooks convention: signed, with an id that stays the same when sent again."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlsplit

import httpx
from standardwebhooks import Webhook

from tracker.reachable_networks import Forbidden, Network, address_of
from tracker.records.contact_point import ContactPoint
from tracker.send.letter import Letter
from tracker.send.outcome import Failed, Gone, Outcome, Sent

TIMEOUT_S: Final = 10.0
_WORTH_WAITING: Final = frozenset({408, 425, 429})


def send(letter: Letter, point: ContactPoint, allowed: tuple[Network, ...]) -> Outcome:
    """POST it. 2xx is delivery, 410 ends the contact point, anything else is tried again."""
    body = json.dumps(letter.body(), separators=(",", ":"), ensure_ascii=False)
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "user-agent": "pump-tracker",
        "webhook-id": letter.id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if point.secret:
        headers["webhook-signature"] = Webhook(point.secret).sign(letter.id, now, body)
    return post(point.target, headers, body.encode(), allowed)


def post(url: str, headers: dict[str, str], body: bytes, allowed: tuple[Network, ...]) -> Outcome:
    """Send the bytes to that URL, to an address that may be reached, without following redirects."""
    parts = urlsplit(url)
    host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    try:
        address = address_of(host, port, allowed)
        at = f"[{address}]" if ":" in address else address
        target = parts._replace(netloc=f"{at}:{port}").geturl()
        with httpx.Client(timeout=TIMEOUT_S, follow_redirects=False, trust_env=False) as client:
            answer = client.post(
                target, content=body, headers=headers | {"host": parts.netloc.rpartition("@")[2]},
                extensions={"sni_hostname": host},
            )  # fmt: skip
    except Forbidden as fault:
        return Failed(str(fault))
    except (httpx.HTTPError, OSError, ValueError) as fault:
        return Failed(f"{host}:{port}: {str(fault) or type(fault).__name__}")
    status = answer.status_code
    if 200 <= status < 300:
        return Sent(delivered=True, detail=f"{status}")
    if status == 410:
        return Gone("the receiver answered 410: it wants no more messages")
    said = answer.text[:200].strip()
    alone = 400 <= status < 500 and status not in _WORTH_WAITING
    return Failed(f"the receiver answered {status}{': ' + said if said else ''}", alone=alone)
