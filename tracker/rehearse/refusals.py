"""Why ingest refused the message that came last."""

from __future__ import annotations

from sqlmodel import col, select

from tracker.ingest.decode import read_topic
from tracker.records.database import Database
from tracker.records.rejected import RejectedMessage


def newest_refusal(database: Database, topic: bytes) -> str:
    """The reason of the newest message that was refused on the topic."""
    named = read_topic(topic)
    serial = named[0] if named is not None else None
    chosen = select(RejectedMessage.reason).where(col(RejectedMessage.serial) == serial)
    with database.reading() as session:
        reason = session.exec(chosen.order_by(col(RejectedMessage.id).desc()).limit(1)).first()
    return reason or "counted, and not kept"
