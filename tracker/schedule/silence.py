"""The silence job: which pumps report, which are late, which fell silent, and whether a whole clinic did."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from tracker.actions.pumps.note_silence import changed_links, changed_outages, write_links, write_outages
from tracker.records.database import Database

WRITE_AT_ONCE: Final = 2000


def note_silence(database: Database, now: datetime) -> int:
    """Record every change of contact. Returns how many pumps changed."""
    with database.reading() as session:
        changes = changed_links(session, now)
        outages = [] if changes else changed_outages(session)
    for start in range(0, len(changes), WRITE_AT_ONCE):
        with database.writing() as session:
            write_links(session, changes[start : start + WRITE_AT_ONCE], now)
    if changes:
        with database.reading() as session:
            outages = changed_outages(session)
    if outages:
        with database.writing() as session:
            write_outages(session, outages, now)
    return len(changes)
