"""Which of the last reports a reservoir's thinned points still hold."""

from __future__ import annotations

import pytest

from tracker.findings.reading_points import Point, holds_last

POINTS: list[Point] = [[number, 10.0, 0.3, "simple_continuous", 1, number] for number in (1, 2, 3, 5, 6)]


@pytest.mark.parametrize(
    ("epoch", "through", "count", "others", "held"),
    [
        (1, 3, 50, (), True),
        (1, 6, 2, (), True),
        (1, 6, 3, (), False),
        (1, 6, 50, (4,), True),
        (1, 6, 50, (7,), False),
        (2, 3, 50, (), False),
        (2, 0, 50, (), True),
    ],
)
def test_points_hold_the_last_reports_where_every_number_is_theirs_or_another_messages(
    epoch: int, through: int, count: int, others: tuple[int, ...], *, held: bool
) -> None:
    assert holds_last(POINTS, epoch, through, count, others) is held
