"""Wait until the embedded broker knows a new credential, so that the communicator can sign in at once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from tracker.recent import is_recent
from tracker.records.credential import BrokerStatus
from tracker.records.database import Database

_ALIVE = timedelta(seconds=5)
_LOOK_EVERY_S = 0.03


def wait_until_taken_up(
    database: Database, version: int, seconds: float = 3.0, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> bool:
    """Wait until the embedded broker has taken up credentials of that version; at most so many seconds.

    False where it has not. A broker that gives no sign of life, or another make of broker, is not waited for.
    """
    deadline = time.monotonic() + seconds
    while True:
        with database.reading() as session:
            status = session.get(BrokerStatus, 1)
        if status is None or not is_recent(status.beat_at, clock(), _ALIVE):
            return False
        if status.applied_version >= version:
            return True
        if time.monotonic() > deadline:
            return False
        time.sleep(_LOOK_EVERY_S)
