"""The time to a lower level, when what is used stays as it is and when it rises."""

from __future__ import annotations

import pytest

from devices.decline import DAYS_PER_YEAR, Decline, days_until

SURE = Decline(0.0, 100.0, 1.0, 1e-9, 0.0, 1e-12)


def days(rise_per_year: float, quantile: float = 0.5) -> float:
    return days_until(SURE, 10.0, 0.1, 0.0, quantile, not_yet=False, rise_per_year=rise_per_year)


def test_a_steady_use_reaches_the_level_when_the_difference_is_used_up() -> None:
    assert days(0.0) == pytest.approx(900.0, abs=0.1)


def test_a_use_that_rises_reaches_it_sooner_by_what_it_uses_more() -> None:
    at = days(0.03)
    assert 0.1 * at * (1 + 0.03 * at / (2 * DAYS_PER_YEAR)) == pytest.approx(90.0, abs=0.01)
    assert 860 < at < 880


def test_nothing_used_reaches_nothing() -> None:
    with pytest.raises(ValueError, match="reaches nothing"):
        days_until(SURE, 10.0, 0.0, 0.0, 0.5, not_yet=False)
