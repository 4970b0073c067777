"""When each person last looked at the worklist, so that what is new since then can be marked."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import Session

from tracker.records.staff import Staff

AWAY: Final = timedelta(minutes=30)
"""Looks that are further apart belong to two sittings: what came between them is new. Assumed."""


def looked_before(staff: Staff, now: datetime) -> datetime | None:
    """The end of the person's sitting before this one, or when they marked all as seen; None at the first look."""
    looked = staff.worklist_looked_at
    if looked is not None and now - looked > AWAY:
        return looked if staff.worklist_seen_at is None else max(looked, staff.worklist_seen_at)
    return staff.worklist_seen_at


def note_look(session: Session, staff_id: int, now: datetime) -> None:
    """Keep that the person looks now. A page that refreshes itself is no look."""
    staff = session.get_one(Staff, staff_id)
    staff.worklist_seen_at = looked_before(staff, now)
    staff.worklist_looked_at = now
    session.add(staff)
