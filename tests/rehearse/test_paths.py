"""Paths: what they find, and the fields that do not exist."""

from __future__ import annotations

from typing import Any

import pytest

from tracker.rehearse.look_fields import LOOK, nothing_seen
from tracker.rehearse.paths import PathFault, check_path, find, read_path

DATA: dict[str, Any] = {
    "verdict": "well",
    "items": [
        {"kind": "contact", "priority": "high", "codes": ["a", "b"], "at": "2026-03-02T08:00:00Z", "flag": True},
        {"kind": "battery", "priority": "low", "codes": [], "at": None, "flag": False},
    ],
    "criteria": [{"id": "5.1a", "verdict": "met"}],
    "nothing": None,
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("verdict", ["well"]),
        ("items[0].kind", ["contact"]),
        ("items[7].kind", []),
        ("items[*].kind", ["contact", "battery"]),
        ("items[kind=battery].priority", ["low"]),
        ("items[kind=battery|contact].priority", ["high", "low"]),
        ("items[kind!=battery].kind", ["contact"]),
        ("items[priority=high][kind=contact].codes", [["a", "b"]]),
        ("items[flag=true].kind", ["contact"]),
        ("items[at=null].kind", ["battery"]),
        ("items[at=2026-03-02T09:00:00+01:00].kind", ["contact"]),
        ("criteria[id=5.1a].verdict", ["met"]),
        ("nothing.anything", [None]),
        ("nothing[*].x", []),
    ],
)
def test_a_path_finds(path: str, values: list[Any]) -> None:
    assert find(DATA, read_path(path)).values == values


@pytest.mark.parametrize("path", ["verdikt", "items[*].kynd", "items.kind", "verdict[0]", "items[kynd=x]", "verdict.x"])
def test_a_field_that_does_not_exist_is_a_fault(path: str) -> None:
    with pytest.raises(PathFault):
        find(DATA, read_path(path))


@pytest.mark.parametrize("path", ["", "a..b", "a[", "a[b]", "a]b", "a.", "a b", "a[0]b", "9"])
def test_a_path_that_can_not_be_read_is_a_fault(path: str) -> None:
    with pytest.raises(PathFault):
        read_path(path)


@pytest.mark.parametrize(
    "path", ["items[*].kynd", "forecast.eri.median", "determination.criteria[section=5].id", "items.kind", "wellness"]
)
def test_a_look_is_known_to_lack_a_field_before_anything_is_played(path: str) -> None:
    with pytest.raises(PathFault):
        check_path(read_path(path), LOOK)


def test_a_look_at_nothing_has_every_field() -> None:
    seen = nothing_seen()
    assert seen["forecast"]["basis"] == {"battery": None, "reservoir": None}
    assert seen["determination"]["missing"] == []
    assert seen["delivery"] == {"received": None, "duplicates": None, "rejected": None}
