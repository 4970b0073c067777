"""Rejected messages: what could not be taken, kept whole with the reason."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Connection, Index, func, insert, select
from sqlmodel import Field, SQLModel, col

from tracker.records.columns import UtcDateTime


class RejectedMessage(SQLModel, table=True):
    """One message that was refused, byte for byte, until a person replays or discards it."""

    __tablename__ = "rejected_message"
    __table_args__ = (
        Index("ix_rejected_received", "received_at", "id"),
        Index("ix_rejected_serial", "serial", "id"),
        Index("ix_rejected_clinic", "clinic_id", "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int | None = Field(
        default=None, foreign_key="clinic.id", description="empty where no enrolled pump is named"
    )
    pump_id: int | None = Field(default=None, foreign_key="pump.id")
    serial: str | None = Field(default=None, max_length=64, description="as the topic names it")
    topic: str = Field(max_length=400)
    payload: bytes
    field: str = Field(max_length=120, description="what is wrong")
    reason: str = Field(max_length=2000, description="one sentence for a person")
    received_at: datetime = Field(sa_type=UtcDateTime)
    status: str = Field(default="kept", max_length=16, description="kept, replayed, discarded")
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by: str | None = Field(default=None, max_length=254)
    settled_reason: str | None = Field(default=None, max_length=1000)


KEPT_UNKNOWN: Final = 10_000
"""Rejected messages of pumps that are not enrolled, kept whole over all serials."""


def kept_payloads(connection: Connection, serial: str | None) -> set[bytes]:
    """The payloads that are kept of a serial and not yet settled, to know one that comes again."""
    rows = connection.execute(
        select(col(RejectedMessage.payload)).where(
            col(RejectedMessage.serial) == serial, col(RejectedMessage.status) == "kept"
        )
    )
    return {bytes(row[0]) for row in rows}


def room_left(connection: Connection, serial: str | None, limit: int) -> int:
    """How many more messages of that serial may be kept whole, when ``limit`` are the most for one serial."""
    count = select(func.count()).where(col(RejectedMessage.serial) == serial, col(RejectedMessage.status) == "kept")
    return max(0, limit - int(connection.execute(count).scalar_one()))


def room_for_unknown(connection: Connection) -> int:
    """How many more messages of pumps that are not enrolled may be kept whole."""
    count = select(func.count()).where(col(RejectedMessage.pump_id).is_(None), col(RejectedMessage.status) == "kept")
    return max(0, KEPT_UNKNOWN - int(connection.execute(count).scalar_one()))


def keep_rejected(connection: Connection, messages: Sequence[dict[str, Any]]) -> None:
    """Insert rejected messages, each a mapping of ``RejectedMessage``'s columns."""
    connection.execute(insert(RejectedMessage), [{"status": "kept", **message} for message in messages])
