"""How often a report is expected: read as people write it, and written as it is read."""

from __future__ import annotations

import pytest

from tracker.errors import Invalid
from tracker.web.forms.duration_input import interval_seconds, interval_text


@pytest.mark.parametrize(
    ("written", "seconds"),
    [("24", 86_400), ("0.5", 1800), ("1,5 h", 5400), (" 30 min ", 1800), ("90s", 90), ("2 d", 172_800), ("0", 0)],
)
def test_an_interval_is_read_with_its_unit_and_in_hours_without_one(written: str, seconds: int) -> None:
    assert interval_seconds(written) == seconds


@pytest.mark.parametrize("written", ["", "often", "-1", "nan", "4 weeks", "1e3", "1 2 h", "٣ h", "9" * 40])
def test_what_is_no_interval_is_refused_with_an_example(written: str) -> None:
    with pytest.raises(Invalid, match="30 min or 4 h"):
        interval_seconds(written)


@pytest.mark.parametrize("seconds", [1, 60, 90, 1800, 3600, 5400, 86_400, 604_800])
def test_what_is_shown_reads_back_as_the_same(seconds: int) -> None:
    assert interval_seconds(interval_text(seconds)) == seconds


def test_a_minute_is_shown_as_a_minute_and_a_day_as_hours() -> None:
    assert [interval_text(seconds) for seconds in (60, 90, 86_400)] == ["1 min", "90 s", "24 h"]
