"""Each file of a story stands in the catalogue: one that was forgotten would never be played."""

from __future__ import annotations

from pathlib import Path

from simulators import stories
from simulators.stories.catalogue import CATALOGUE


def test_every_file_of_a_story_is_listed() -> None:
    files = {path.stem for path in Path(stories.__path__[0]).glob("*.py")} - {"__init__", "catalogue"}
    assert files == set(CATALOGUE)
