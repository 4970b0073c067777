"""Whom messages go to, for lists of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import Session, col, select

from tracker.records.contact_point import ContactPoint
from tracker.records.message import Message
from tracker.records.staff import Staff


def recipients_of(session: Session, messages: Sequence[Message]) -> dict[str, tuple[str, str]]:
    """Each message's recipient and channel, by its id."""
    chosen = select(ContactPoint.id, ContactPoint.kind, Staff.email).where(
        ContactPoint.staff_id == Staff.id, col(ContactPoint.id).in_({one.contact_point_id for one in messages})
    )
    found = {number: (email, kind) for number, kind, email in session.exec(chosen)} if messages else {}
    return {one.id: found[one.contact_point_id] for one in messages}
