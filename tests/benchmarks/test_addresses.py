"""The pages' benchmark clicks on everything that the application serves."""

from __future__ import annotations

import random

from benchmarks.addresses import addresses


def test_every_page_and_call_is_clicked_on_with_nothing_left_open_in_its_address() -> None:
    dice = random.Random(1)
    filled = [each.filled(dice, 100_000) for each in addresses()]
    assert len(filled) > 60
    assert [each for each in filled if "{" in each or "}" in each] == []
