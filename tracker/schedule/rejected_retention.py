"""The job that drops what is no longer needed of rejected messages and of the pumps' budgets."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Final

import structlog

from tracker.actions import audit
from tracker.actions.audit_events import THE_TRACKER, Event
from tracker.records.budget import drop_budgets
from tracker.records.database import Database
from tracker.records.rejected import drop_settled
from tracker.records.shared_sign_in import drop_signs

AT_ONCE: Final = 2000
_log = structlog.get_logger("tracker.schedule")


def tidy_refused(database: Database, keep_days: int, now: datetime) -> int:
    """Drop messages settled more than so many days ago, in short transactions; with 0 days none. Returns how many.

    What no person has settled stays. The audit trail says who settled what. Rows of budgets go a day after their day.
    """
    with database.writing() as session:
        drop_budgets(session, now.astimezone(UTC).date() - timedelta(days=1))
        drop_signs(session, now - timedelta(days=2))
    if keep_days <= 0:
        return 0
    dropped, before = 0, now - timedelta(days=keep_days)
    while True:
        with database.writing() as session:
            some = Counter(drop_settled(session, before, AT_ONCE))
            if some:
                facts = [_entry(clinic, rows, before, keep_days, now) for clinic, rows in some.items()]
                audit.record_all(session, facts)
        dropped += some.total()
        if some.total() < AT_ONCE:
            return dropped


def _entry(clinic_id: int | None, rows: int, before: datetime, keep_days: int, now: datetime) -> audit.Fact:
    """Say in the log what was dropped; what the audit trail says of it, at the clinic whose it was."""
    detail = {"settled_before": before.isoformat(), "rows": rows, "keep_days": keep_days}
    _log.warning("rejected messages were dropped, as TRACKER_REJECTED_KEEP_DAYS says", **detail)
    return audit.Fact(now, THE_TRACKER, clinic_id, Event.REJECTED_DROPPED, "rejected messages", detail)
