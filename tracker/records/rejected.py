"""Rejected messages: what could not be taken, kept with the reason.

It is kept whole, but for the long ones of a pump that had many on one day: of those the first KiB. What a person has
discarded keeps digest, length and reason, and no bytes.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any, Final

from sqlalchemy import (
    Connection,
    Index,
    Integer,
    Select,
    bindparam,
    case,
    delete,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
)
from sqlmodel import Field, Session, SQLModel, col

from tracker.records.column_types import BigKey, UtcDateTime


class RejectedMessage(SQLModel, table=True):
    """One message that was refused, until a person replays or discards it."""

    __tablename__ = "rejected_message"
    __table_args__ = (
        Index("ix_rejected_received", "received_at", "id"),
        Index("ix_rejected_serial", "serial", "id"),
        Index(
            "ix_rejected_kept",
            "serial",
            "epoch",
            "seq",
            sqlite_where=text("status = 'kept'"),
            postgresql_where=text("status = 'kept'"),
        ),
        Index("ix_rejected_clinic", "clinic_id", "status", "id"),
    )

    id: int | None = Field(default=None, primary_key=True)
    clinic_id: int | None = Field(
        default=None, foreign_key="clinic.id", description="empty where no enrolled pump is named"
    )
    pump_id: int | None = Field(default=None, foreign_key="pump.id")
    serial: str | None = Field(default=None, max_length=64, description="as the topic names it")
    topic: str = Field(max_length=400)
    epoch: int | None = Field(
        default=None, sa_type=BigKey, description="its number, where a receipt covers it; empty where none can"
    )
    seq: int | None = Field(default=None, sa_type=BigKey)
    payload: bytes
    size: int | None = Field(
        default=None, sa_type=BigKey, description="its length in bytes as it came; empty: that of the payload"
    )
    digest: str | None = Field(
        default=None,
        max_length=64,
        description="SHA-256 of what came, of a message over 64 KiB of its first 64 KiB; empty: of before it was kept",
    )
    field: str = Field(max_length=120, description="what is wrong")
    reason: str = Field(max_length=2000, description="one sentence for a person")
    received_at: datetime = Field(sa_type=UtcDateTime)
    status: str = Field(default="kept", max_length=16, description="kept, replayed, discarded")
    settled_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    settled_by: str | None = Field(default=None, max_length=254)
    settled_reason: str | None = Field(default=None, max_length=1000)

    @property
    def length(self) -> int:
        """How many bytes came."""
        return len(self.payload) if self.size is None else self.size

    @property
    def is_whole(self) -> bool:
        """Whether every byte that came is kept."""
        return len(self.payload) == self.length


SHORT_BYTES: Final = 1024
"""So much is kept of every message, whatever its length."""

KEPT_UNKNOWN: Final = 10_000
"""Rejected messages of pumps that are not enrolled, kept over all serials."""
_NUMBERS_AT_ONCE: Final = 500
#: written into the statement, since the databases use an index of such rows alone only where they see the condition
_KEPT: Final = col(RejectedMessage.status) == literal_column("'kept'")
_NO_NUMBER: Final = col(RejectedMessage.epoch).is_(None)


def digest_of(payload: bytes) -> str:
    """By what a message that comes again is known: its SHA-256 in hexadecimal."""
    return sha256(payload).hexdigest()


def kept_digests(connection: Connection, serial: str | None, numbers: Sequence[tuple[int, int]] = ()) -> set[str]:
    """What is kept of a serial and not yet settled, to know one that comes again: under those (epoch, seq), or none."""
    undigested = case((col(RejectedMessage.digest).is_(None), col(RejectedMessage.payload)))
    kept = select(col(RejectedMessage.digest), undigested).where(col(RejectedMessage.serial) == serial, _KEPT)
    found = {digest or digest_of(bytes(payload)) for digest, payload in connection.execute(kept.where(_NO_NUMBER))}
    for epoch in {epoch for epoch, _ in numbers}:
        seqs = [seq for of, seq in numbers if of == epoch]
        for start in range(0, len(seqs), _NUMBERS_AT_ONCE):
            some = col(RejectedMessage.seq).in_(seqs[start : start + _NUMBERS_AT_ONCE])
            rows = connection.execute(kept.where(col(RejectedMessage.epoch) == epoch, some))
            found.update(digest or digest_of(bytes(payload)) for digest, payload in rows)
    return found


def room_left(connection: Connection, serial: str | None, limit: int) -> int:
    """How many more messages without a number may be kept of that serial, when ``limit`` are the most."""
    kept = select(literal(1)).where(col(RejectedMessage.serial) == serial, _NO_NUMBER, _KEPT)
    return limit - _count(connection, kept, limit)


def room_for_unknown(connection: Connection) -> int:
    """How many more messages of pumps that are not enrolled may be kept."""
    kept = select(literal(1)).where(col(RejectedMessage.clinic_id).is_(None), _KEPT)
    return KEPT_UNKNOWN - _count(connection, kept, KEPT_UNKNOWN)


def _count(connection: Connection, kept: Select[Any], most: int) -> int:
    """How many rows there are, counted no further than ``most``."""
    return int(connection.execute(select(func.count()).select_from(kept.limit(most).subquery())).scalar_one())


def keep_rejected(connection: Connection, messages: Sequence[dict[str, Any]]) -> None:
    """Insert rejected messages, each a mapping of ``RejectedMessage``'s columns."""
    connection.execute(insert(RejectedMessage), [{"status": "kept", **message} for message in messages])


def drop_settled(session: Session, before: datetime, most: int) -> dict[int | None, int]:
    """Delete at most so many of the messages that were settled before that time, the oldest first.

    Returns how many of each clinic; None stands for those that name no enrolled pump.
    """
    chosen = session.execute(_SETTLED, {"before": before, "most": most}).all()
    if not chosen:
        return {}
    gone = delete(RejectedMessage).where(col(RejectedMessage.id).in_([row[0] for row in chosen]))
    session.execute(gone.execution_options(synchronize_session=False))
    return dict(Counter(row[1] for row in chosen))


_SETTLED: Final = (
    select(col(RejectedMessage.id), col(RejectedMessage.clinic_id))
    .where(
        col(RejectedMessage.status) != literal_column("'kept'"),
        col(RejectedMessage.settled_at) < bindparam("before"),
    )
    .order_by(col(RejectedMessage.id))
    .limit(bindparam("most", type_=Integer))
)
