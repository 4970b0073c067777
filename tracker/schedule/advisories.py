"""The advisories job: match advisories and recalls to pumps."""

from __future__ import annotations

from datetime import datetime

from tracker.actions.advisories.load_advisories import AT_ONCE, match_advisories
from tracker.records.advisory import any_advisory, unmatched_pumps
from tracker.records.database import Database


def match_all(database: Database, now: datetime) -> int:
    """Add every match that is missing, some thousands in one transaction. Returns how many."""
    with database.reading() as session:
        if not any_advisory(session) or not unmatched_pumps(session, 1):
            return 0
    added, step = 0, AT_ONCE
    while step >= AT_ONCE:
        with database.writing() as session:
            step = match_advisories(session, now)
        added += step
    return added
