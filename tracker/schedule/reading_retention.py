"""The jobs that look after the readings' storage: partitions made ahead, old months dropped."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from typing import Any, Final

import structlog
from sqlalchemy import func, select
from sqlmodel import Session, col

from tracker.actions import audit
from tracker.actions.audit_events import THE_TRACKER, Event
from tracker.records.database import Database
from tracker.records.partitions import drop_before, ensure_months, month_after, month_of, oldest_kept
from tracker.records.pump import Pump, clinics_by_id
from tracker.records.reading_history import drop_readings

PUMPS_AT_ONCE: Final = 200
_log = structlog.get_logger("tracker.schedule")


def make_ahead(database: Database, now: datetime) -> int:
    """Make this month's partition and the next two. Returns how many were missing; SQLite has none."""
    if database.is_sqlite:
        return 0
    this = month_of(now)
    with database.writing() as session:
        return len(ensure_months(session.connection(), [month_after(this, ahead) for ahead in range(3)], now))


def drop_old(database: Database, keep_months: int, now: datetime) -> int:
    """Drop readings measured before the months that are retained. Returns the months (PostgreSQL) or rows dropped.

    With 0 months everything is retained. On SQLite the rows go pump by pump in short transactions. Each transaction
    enters what it drops in the audit trail; the page Schedule announces the next drop.
    """
    if keep_months <= 0:
        return 0
    oldest = oldest_kept(keep_months, now)
    if not database.is_sqlite:
        with database.writing() as session:
            dropped = drop_before(session.connection(), oldest)
            if dropped:
                detail = {"months": [f"{month:%Y-%m}" for month in dropped], "keep_months": keep_months}
                _enter(session, oldest, dict.fromkeys(sorted(clinics_by_id(session)), detail), now)
        return len(dropped)
    return _delete_before(database, oldest, keep_months, now)


def _delete_before(database: Database, oldest: date, keep_months: int, now: datetime) -> int:
    before = datetime.combine(oldest, time.min, UTC)
    with database.reading() as session:
        last = session.execute(select(func.max(col(Pump.id)))).scalar() or 0
    dropped = 0
    for start in range(1, last + 1, PUMPS_AT_ONCE):
        with database.writing() as session:
            rows = drop_readings(session, start, start + PUMPS_AT_ONCE - 1, before)
            by_clinic = {clinic: {"rows": count, "keep_months": keep_months} for clinic, count in rows.items()}
            _enter(session, oldest, by_clinic, now)
        dropped += sum(rows.values())
    return dropped


def _enter(session: Session, oldest: date, by_clinic: Mapping[int, dict[str, Any]], now: datetime) -> None:
    """Say in the log what was dropped, and in the audit trail of each clinic whose it was."""
    facts = []
    for clinic_id, what in by_clinic.items():
        detail = {"measured_before": oldest.isoformat(), **what}
        _log.warning("readings were dropped, as TRACKER_READINGS_KEEP_MONTHS says", clinic_id=clinic_id, **detail)
        facts.append(audit.Fact(now, THE_TRACKER, clinic_id, Event.READINGS_DROPPED, "readings", detail))
    if facts:
        audit.record_all(session, facts)
