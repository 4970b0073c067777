"""Whether a message's person passed its alarm on by the link."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from sqlmodel import Session, col, select

from tracker.records.message import Message
from tracker.records.notification import NotificationRecipient

PASSED_ON: Final = "alarm.passed_on"
"""The type of the row that says that a person passed a message's alarm on."""


def passed_on_at(session: Session, message: Message) -> datetime | None:
    """When that message's person passed its alarm on by its link; None where they did not."""
    chosen = select(NotificationRecipient.at).where(
        col(NotificationRecipient.notification_id).in_(message.notification_ids),
        NotificationRecipient.message_id == message.id,
        NotificationRecipient.type == PASSED_ON,
    )
    return session.exec(chosen.limit(1)).first()
