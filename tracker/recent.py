"""Whether something was lately, where the clock may have been set meanwhile."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

CLOCKS_DIFFER: Final = timedelta(seconds=5)
"""So far the clocks of two machines may differ. Assumed."""


def is_recent(at: datetime, now: datetime, limit: timedelta) -> bool:
    """Whether that was within the limit before now. A moment still to come was told by a clock that was wrong."""
    return -CLOCKS_DIFFER <= now - at < limit
