"""Every case of ``tests/cases`` holds: each is a story that a nurse can judge, with the source that it comes from."""

from __future__ import annotations

from pathlib import Path

import pytest

from tracker.rehearse.play import play
from tracker.rehearse.read_case import read_case

CASES = sorted((Path(__file__).parents[1] / "cases").glob("*.yaml"))


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.stem)
def test_the_case_holds(case: Path) -> None:
    scenario = read_case(case)
    assert scenario.source, "a case says where it comes from"
    assert play(scenario).failed == []


def test_there_are_cases() -> None:
    assert len(CASES) >= 6
