"""PostgreSQL's monthly partitions of the readings: made before a row needs one, dropped by the retention rule.

Only months from 2000 to two months ahead get a partition of their own; a clock that is further off writes to the
default partition, so that a faulty device can't fill the catalogue with tables. Two functions of the database make and
drop them with its owner's rights, so that the running processes own no table.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import NamedTuple

from sqlalchemy import Connection, text

FIRST_MONTH = date(2000, 1, 1)
_LOCK = 7_210_211


def month_of(moment: datetime) -> date:
    """The first day of that moment's month in UTC."""
    utc = moment.astimezone(UTC)
    return date(utc.year, utc.month, 1)


def month_after(month: date, count: int = 1) -> date:
    """The month so many months later (or earlier)."""
    index = month.year * 12 + month.month - 1 + count
    return date(index // 12, index % 12 + 1, 1)


class Drop(NamedTuple):
    """What the retention rule does next: on that day it drops what was measured before that month."""

    on: date
    before: date


def oldest_kept(keep_months: int, now: datetime) -> date:
    """The first day whose readings are kept."""
    return month_after(month_of(now), -keep_months)


def coming_drop(keep_months: int, now: datetime) -> Drop | None:
    """The next time that the retention rule finds a month to drop; None where everything is kept (0 months)."""
    if keep_months <= 0:
        return None
    on = month_after(month_of(now))
    return Drop(on, month_after(on, -keep_months))


def existing_months(connection: Connection) -> set[date]:
    """The months that have a partition."""
    rows = connection.execute(
        text(
            "SELECT relname FROM pg_class JOIN pg_inherits ON inhrelid = pg_class.oid "
            "WHERE inhparent = 'reading'::regclass"
        )
    )
    names = (row[0].removeprefix("reading_") for row in rows)
    return {date(int(name[:4]), int(name[5:7]), 1) for name in names if name != "default"}


def ensure_months(connection: Connection, months: Iterable[date], now: datetime) -> list[date]:
    """Make the partitions that those months need and lack, in this transaction. Returns the months made."""
    newest = month_after(month_of(now), 2)
    wanted = {month for month in months if FIRST_MONTH <= month <= newest}
    if not wanted - existing_months(connection):
        return []
    connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
    made = sorted(wanted - existing_months(connection))
    return [month for month in made if _made(connection, month)]


def _made(connection: Connection, month: date) -> bool:
    """Make one partition. False where the default partition already holds rows of that month: they stay there."""
    return bool(connection.execute(text("SELECT make_reading_month(:month)"), {"month": month}).scalar_one())


def drop_before(connection: Connection, month: date) -> list[date]:
    """Drop every month before that one: the retention rule. Returns the months dropped."""
    dropped = sorted(old for old in existing_months(connection) if old < month)
    for old in dropped:
        connection.execute(text("SELECT drop_reading_month(:month)"), {"month": old})
    return dropped
