"""A broken gateway, through the whole path: grouped, urgent first, and no other pump forgotten."""

from __future__ import annotations

from pathlib import Path

from benchmarks.faults.storm import run


def test_hundreds_of_alarms_are_few_mails_that_name_every_urgent_one_and_hide_no_other_pump(
    tmp_path: Path, sqlite_url: str
) -> None:
    storm = run(tmp_path, sqlite_url, pumps=300, seconds=3, others=2)
    assert storm.missing == []
    assert storm.behind_lower == 0
    assert storm.high == 180
    assert storm.mails <= storm.high / 4
    assert len(storm.others) == 4
