"""Every file and every test that docs/adding.md names exists."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "adding.md").read_text()


def test_every_file_that_the_page_names_exists() -> None:
    named = set(re.findall(r"`([\w/]+\.\w+)(?:::\w+)?`", PAGE))
    assert len(named) > 40
    assert {name for name in named if not (ROOT / name).is_file()} == set()


def test_every_test_that_the_page_names_exists() -> None:
    missing = []
    for file, test in re.findall(r"`([\w/]+\.py)::(\w+)`", PAGE):
        functions = {one.name for one in ast.parse((ROOT / file).read_text()).body if isinstance(one, ast.FunctionDef)}
        if test not in functions:
            missing.append(f"{file}::{test}")
    assert missing == []


def test_every_thing_that_is_added_has_its_chapter() -> None:
    assert re.findall(r"^## (.*)$", PAGE, re.MULTILINE) == [
        "A pump model",
        "An alarm code",
        "A finding",
        "A guideline version",
        "A billing code",
        "A job",
        "A page",
        "A simulated story",
        "A notification channel",
    ]
