"""The job that drops what is no longer needed of rejected messages and of the pumps' budgets."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from tracker.records.budget import drop_budgets
from tracker.records.database import Database
from tracker.records.rejected import drop_settled
from tracker.records.shared_sign_in import drop_signs

AT_ONCE: Final = 2000


def tidy_refused(database: Database, keep_days: int, now: datetime) -> int:
    """Drop messages settled more than so many days ago, in short transactions; with 0 days none. Returns how many.

    What nobody has settled stays. The audit trail keeps who settled what. Rows of budgets go a day after their day.
    """
    with database.writing() as session:
        drop_budgets(session, now.astimezone(UTC).date() - timedelta(days=1))
        drop_signs(session, now - timedelta(days=2))
    if keep_days <= 0:
        return 0
    dropped = 0
    while True:
        with database.writing() as session:
            some = drop_settled(session, now - timedelta(days=keep_days), AT_ONCE)
        dropped += some
        if some < AT_ONCE:
            return dropped
