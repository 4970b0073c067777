"""Which open pages the trail of reads knows of: a page that refreshes itself is entered once an hour, not every time.

A pump that reports every few minutes has each open page of it fetched anew as often. Entered each time, one screen left
open for a night would bury what people did. So an entry that a person's own click made stands for the page as long as
it stays open, for an hour at most; then one more entry says that it is still open and how often it was fetched since.
Only what the same session already had entered is left out: a request that merely calls itself a refresh hides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tracker.web.people import Person

ENTRY_STANDS_FOR: Final = timedelta(hours=1)
_MOST = 20_000
_Shown = tuple[str, str, str, str]


@dataclass(slots=True)
class _Entered:
    at: datetime
    again: int = 0


class OpenPages:
    """What each session has open, by when it was last entered. Of one process; not safe for threads by itself."""

    def __init__(self) -> None:
        self._entered: dict[_Shown, _Entered] = {}

    def entry(
        self, person: Person, subject: str, what: str, detail: Mapping[str, Any], now: datetime
    ) -> dict[str, Any] | None:
        """What the entry of this read must add to say what it stands for; None where an earlier entry covers it.

        A count is no part of what was read: a list that grew by a line is the same list.
        """
        if not person.session_digest:
            return {}
        named = sorted((name, str(value)) for name, value in detail.items() if name != "count")
        shown = (person.session_digest, subject, what, str(named))
        before = self._entered.get(shown)
        if before is not None and person.refreshing and timedelta(0) <= now - before.at < ENTRY_STANDS_FOR:
            before.again += 1
            return None
        self._forget(now)
        self._entered[shown] = _Entered(now)
        if before is None or not person.refreshing:
            return {}
        return {"still_open": True, "refreshed": before.again + 1}

    def _forget(self, now: datetime) -> None:
        """Keep memory bounded. What is forgotten is entered again, which is the safe side."""
        if len(self._entered) < _MOST:
            return
        self._entered = {shown: one for shown, one in self._entered.items() if now - one.at < ENTRY_STANDS_FOR}
        if len(self._entered) >= _MOST:
            self._entered.clear()
