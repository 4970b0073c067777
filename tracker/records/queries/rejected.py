"""Rejected messages as their page shows them, and one of them as a person may see it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, func
from sqlmodel import Session, col, select

from tracker.records.rejected import RejectedMessage


def rejected_messages(
    session: Session,
    clinic_id: int,
    *,
    nobodys: bool,
    status: str,
    serial: str = "",
    limit: int,
    before_id: int | None = None,
) -> list[RejectedMessage]:
    """A clinic's messages of that status, the newest first; with ``nobodys`` those that name no enrolled pump too."""
    query = select(RejectedMessage).where(_mine(clinic_id, nobodys=nobodys), col(RejectedMessage.status) == status)
    if serial:
        query = query.where(col(RejectedMessage.serial) == serial)
    if before_id is not None:
        query = query.where(col(RejectedMessage.id) < before_id)
    return list(session.exec(query.order_by(col(RejectedMessage.id).desc()).limit(limit)))


def rejected_counts(session: Session, clinic_id: int, *, nobodys: bool) -> dict[str, int]:
    """How many there are of each status."""
    rows = session.exec(
        select(RejectedMessage.status, func.count())
        .where(_mine(clinic_id, nobodys=nobodys))
        .group_by(col(RejectedMessage.status))
    )
    return {str(status): int(count) for status, count in rows}


def rejected_message(session: Session, clinic_id: int, message_id: int, *, nobodys: bool) -> RejectedMessage | None:
    """One message, if it is the clinic's to see."""
    return session.exec(
        select(RejectedMessage).where(_mine(clinic_id, nobodys=nobodys), col(RejectedMessage.id) == message_id)
    ).first()


def _mine(clinic_id: int, *, nobodys: bool) -> ColumnElement[bool]:
    mine = col(RejectedMessage.clinic_id) == clinic_id
    return mine | col(RejectedMessage.clinic_id).is_(None) if nobodys else mine
