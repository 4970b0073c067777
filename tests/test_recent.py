"""What counts as lately, where a clock may have been set."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.build import NOW
from tracker.recent import CLOCKS_DIFFER, is_recent

LIMIT = timedelta(minutes=5)
MOMENT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("age", "recent"),
    [
        (timedelta(0), True),
        (LIMIT - MOMENT, True),
        (LIMIT, False),
        (-CLOCKS_DIFFER, True),
        (-CLOCKS_DIFFER - MOMENT, False),
        (timedelta(hours=-1), False),
    ],
)
def test_what_lies_ahead_of_the_clock_by_more_than_clocks_differ_is_not_recent(age: timedelta, *, recent: bool) -> None:
    assert is_recent(NOW - age, NOW, LIMIT) is recent
