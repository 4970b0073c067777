"""Webhooks by the Standard Webhooks convention: signed, with an id that stays the same when sent again."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from standardwebhooks import Webhook

from tracker.reachable_networks import Network
from tracker.records.contact_point import ContactPoint
from tracker.send.http_post import post
from tracker.send.letter import Letter
from tracker.send.outcome import Outcome


def send(letter: Letter, point: ContactPoint, allowed: tuple[Network, ...]) -> Outcome:
    """POST it. 2xx is delivery, 410 ends the contact point, anything else is tried again."""
    body = json.dumps(letter.body(), separators=(",", ":"), ensure_ascii=False)
    now = datetime.now(UTC)
    headers = {
        "content-type": "application/json",
        "webhook-id": letter.id,
        "webhook-timestamp": str(int(now.timestamp())),
    }
    if point.secret:
        headers["webhook-signature"] = Webhook(point.secret).sign(letter.id, now, body)
    return post(point.target, headers, body.encode(), allowed)
