"""Whether the sessions and tokens by which live pages are open still last: a few queries for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from collections.abc import Set as AbstractSet
from datetime import datetime, timedelta
from enum import Enum
from typing import TypeVar

from sqlmodel import Session

from tracker.records.staff import Staff, sessions_with_staff, tokens_with_staff
from tracker.web.auth.user import session_lasts, token_lasts
from tracker.web.live_listeners import Access

_T = TypeVar("_T")
_AT_ONCE = 500  # names in one query


class Lasting(Enum):
    """What became of an access."""

    YES = "yes"
    CHANGED = "changed"
    """The person has another role or another clinic now."""
    NO = "no"


def lasting(session: Session, accesses: AbstractSet[Access], now: datetime, idle: timedelta) -> dict[Access, Lasting]:
    """Which of these last. ``idle``: how long a session lasts without a click; a live page is none."""
    people: dict[str | int, Staff] = {}
    for digests in _parts(one.session for one in accesses if one.session):
        for browser, staff in sessions_with_staff(session, digests):
            if session_lasts(browser, now, idle):
                people[browser.digest] = staff
    for numbers in _parts(one.token_id for one in accesses if one.token_id is not None):
        for token, staff in tokens_with_staff(session, numbers):
            if token_lasts(token, staff, now):
                people[token.id or 0] = staff
    return {one: _standing(one, people.get(one.session or one.token_id or 0)) for one in accesses}


def _standing(access: Access, staff: Staff | None) -> Lasting:
    if staff is None:
        return Lasting.NO
    return Lasting.YES if (staff.role, staff.clinic_id) == (access.role, access.clinic_id) else Lasting.CHANGED


def _parts(values: Iterable[_T]) -> Iterator[list[_T]]:
    listed = list(values)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]
