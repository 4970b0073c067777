"""Discard a rejected message: its bytes go; its reason, length and digest stay, and it is no longer asked about."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.actions.rejected.replay_rejected import kept_message
from tracker.errors import Invalid
from tracker.records.rejected import RejectedMessage, digest_of


def discard_rejected(session: Session, message_id: int, *, reason: str, by: str, now: datetime) -> RejectedMessage:
    """Settle it. Raises ``Invalid`` without a reason and ``Conflict`` where it was settled already."""
    if not reason.strip():
        raise Invalid("say why nothing is to be made of it", field="reason")
    message = kept_message(session, message_id)
    message.status, message.settled_at, message.settled_by = "discarded", now, by
    message.settled_reason = reason.strip()
    message.size, message.digest = message.length, message.digest or digest_of(message.payload)
    message.payload = b""
    session.add(message)
    session.flush()
    return message
