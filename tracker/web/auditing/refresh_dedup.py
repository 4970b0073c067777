"""A page that refreshes itself is entered in the read log once an hour, not at every refresh.

A pump that reports every few minutes has each open page of it fetched as often. Entered each time, one screen left
open for a night would bury what people did. So an entry that a person's own click made stands for the page as long as
it stays open, for an hour at most; then one more entry says that it is still open and how often it was fetched since.
When the refreshing stops, an entry says how often it was and when last: every fetch is counted in some entry. So a
request that merely calls itself a refresh hides nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from tracker.web.auth.user import Person

ENTRY_STANDS_FOR: Final = timedelta(hours=1)
CLOSED_AFTER_S: Final = 120.0  #: a page that was not fetched for so long is taken for closed
_MOST = 20_000
_Shown = tuple[str, str, str, str]


@dataclass(slots=True)
class _Entered:
    at: datetime
    again: int = 0
    last: datetime | None = None
    last_s: float = 0.0
    person: Person | None = None
    whose: int | None = None
    detail: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Refreshed:
    """Fetches of one open page that no entry has told of yet: how many, and the last one's time."""

    person: Person
    whose: int | None
    subject: str
    what: str
    detail: Mapping[str, Any]
    times: int
    last: datetime


class OpenPages:
    """What each session has open, by when it was last entered. Of one process; not safe for threads by itself."""

    def __init__(self) -> None:
        self._entered: dict[_Shown, _Entered] = {}

    def entry(
        self,
        person: Person,
        subject: str,
        what: str,
        detail: Mapping[str, Any],
        now: datetime,
        *,
        whose: int | None = None,
        seconds: float = 0.0,
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
            before.last, before.last_s = now, seconds
            before.person, before.whose, before.detail = person, whose, dict(detail)
            return None
        if before is None and len(self._entered) >= _MOST:
            return {}  # every fetch is entered by itself, which is the safe side
        self._entered[shown] = _Entered(now)
        if before is None or not (person.refreshing or before.again):
            return {}
        told = {"refreshed": before.again + (1 if person.refreshing else 0), "refreshed_last": before.last or now}
        return {"still_open": True, **told} if person.refreshing else told

    def closed(self, seconds: float | None) -> list[Refreshed]:
        """Those that stopped refreshing by then, each once; all of them with None. They are forgotten."""
        told = []
        for shown, one in list(self._entered.items()):
            if seconds is not None and (one.last is not None and seconds - one.last_s < CLOSED_AFTER_S):
                continue
            if one.last is not None and one.person is not None and one.again:
                _, subject, what, _ = shown
                told.append(Refreshed(one.person, one.whose, subject, what, one.detail or {}, one.again, one.last))
                del self._entered[shown]
            elif seconds is None or len(self._entered) >= _MOST:
                del self._entered[shown]
        return told
