"""Numbers over a whole clinic: counted for each page while it is small, once a minute when it is large."""

from __future__ import annotations

import pytest
from sqlmodel import Session

from tests.servers import wait_until
from tests.web.conftest import Clock
from tracker.records.database import Database
from tracker.web.lists.count_cache import FRESH, MANY, OLDEST, Kept


class Counter:
    """Counts how often it was asked, and says that it looked at so many rows."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.asked = 0

    def __call__(self, _session: Session) -> tuple[int, int]:
        self.asked += 1
        return self.asked, self.rows


@pytest.fixture
def clock() -> Clock:
    return Clock()


def test_what_is_quickly_counted_is_counted_for_every_page(sqlite_database: Database, clock: Clock) -> None:
    kept, count = Kept(sqlite_database, clock), Counter(MANY)
    assert [kept.get("a", count).value for _ in range(3)] == [1, 2, 3]
    assert kept.get("a", count).kept_at is None


def test_what_takes_long_is_kept_for_a_minute_and_says_since_when(sqlite_database: Database, clock: Clock) -> None:
    kept, count = Kept(sqlite_database, clock), Counter(MANY + 1)
    first = kept.get("a", count)
    assert first.kept_at == clock()
    assert kept.get("a", count) == first
    assert kept.get("another clinic's", count).value == 2


def test_after_a_minute_it_is_counted_beside_the_page(sqlite_database: Database, clock: Clock) -> None:
    kept, count = Kept(sqlite_database, clock), Counter(MANY + 1)
    kept.get("a", count)
    clock.now += FRESH
    assert kept.get("a", count).value == 1
    wait_until(lambda: kept.get("a", count).value == 2, what="the new count")
    assert kept.get("a", count).kept_at == clock()


def test_after_a_long_pause_nobody_is_shown_the_old_number(sqlite_database: Database, clock: Clock) -> None:
    kept, count = Kept(sqlite_database, clock), Counter(MANY + 1)
    kept.get("a", count)
    clock.now += OLDEST
    assert kept.get("a", count).value == 2
