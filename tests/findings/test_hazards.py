"""The list of hazards names tests that exist: a barrier whose proof is gone is no barrier."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


def test_every_barrier_against_a_hazard_is_proved_by_a_test_that_exists() -> None:
    named = NAMED.findall((ROOT / "docs" / "hazards.md").read_text())
    assert len(named) > 40
    missing = [
        f"{path}::{name}"
        for path, name in named
        if not (ROOT / path).exists() or not re.search(rf"\b{name}\b", (ROOT / path).read_text())
    ]
    assert missing == []


def test_every_row_of_hazards_has_its_proof() -> None:
    rows = [line for line in (ROOT / "docs" / "hazards.md").read_text().splitlines() if line.startswith("| ")]
    barriers = [row for row in rows if not row.startswith("| What stops it")]
    assert [row for row in barriers if not NAMED.search(row)] == []
