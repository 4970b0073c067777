"""The jobs that look after the readings' storage: partitions made ahead, old months dropped."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Final

from sqlalchemy import func, select
from sqlmodel import col

from tracker.records.database import Database
from tracker.records.partitions import drop_before, ensure_months, month_after, month_of
from tracker.records.pump import Pump
from tracker.records.reading_history import drop_readings

PUMPS_AT_ONCE: Final = 200


def make_ahead(database: Database, now: datetime) -> int:
    """Make this month's partition and the next two. Returns how many were missing; SQLite has none."""
    if database.is_sqlite:
        return 0
    this = month_of(now)
    with database.writing() as session:
        return len(ensure_months(session.connection(), [month_after(this, ahead) for ahead in range(3)], now))


def drop_old(database: Database, keep_months: int, now: datetime) -> int:
    """Drop readings measured before the months that are kept. Returns the months (PostgreSQL) or rows dropped.

    With 0 months to keep everything is kept. On SQLite the rows go pump by pump in short transactions.
    """
    if keep_months <= 0:
        return 0
    oldest = month_after(month_of(now), -keep_months)
    if not database.is_sqlite:
        with database.writing() as session:
            return len(drop_before(session.connection(), oldest))
    return _delete_before(database, oldest)


def _delete_before(database: Database, oldest: date) -> int:
    before = datetime.combine(oldest, time.min, UTC)
    with database.reading() as session:
        last = session.execute(select(func.max(col(Pump.id)))).scalar() or 0
    dropped = 0
    for start in range(1, last + 1, PUMPS_AT_ONCE):
        with database.writing() as session:
            dropped += drop_readings(session, start, start + PUMPS_AT_ONCE - 1, before)
    return dropped
