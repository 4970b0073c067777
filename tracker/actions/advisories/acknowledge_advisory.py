"""Acknowledge an advisory for one pump: a person has read it and decided what it means for this patient."""

from __future__ import annotations

from datetime import datetime

from sqlmodel import Session

from tracker.errors import Conflict, Invalid, NotFound
from tracker.records.advisory import AdvisoryMatch
from tracker.records.pump import look_again


def acknowledge_advisory(session: Session, match_id: int, *, note: str, by: str, now: datetime) -> AdvisoryMatch:
    """Acknowledge it with what was decided. Raises `Conflict` where somebody has already."""
    match = session.get(AdvisoryMatch, match_id, populate_existing=True, with_for_update=True)
    if match is None:
        raise NotFound("there is no such advisory for this pump")
    if match.acknowledged_at is not None:
        raise Conflict(f"{match.acknowledged_by} acknowledged it already")
    if not note.strip():
        raise Invalid("say what was decided for this patient", field="note")
    match.acknowledged_at, match.acknowledged_by, match.note = now, by, note.strip()
    session.add(match)
    session.flush()
    look_again(session, [match.pump_id], now)
    return match
