"""Find a person of one's own clinic."""

from __future__ import annotations

from sqlmodel import Session

from tracker.errors import NotFound
from tracker.records.staff import Staff


def find_colleague(session: Session, clinic_id: int, staff_id: int) -> Staff:
    """The person with that id. Raises ``NotFound`` alike for none, for a program and for another clinic's person."""
    found = session.get(Staff, staff_id)
    if found is None or found.is_service or found.clinic_id != clinic_id:
        raise NotFound("your clinic has no such account")
    return found
