"""The tour of docs/architecture.md leads through files that exist, along the product's own imports."""

from __future__ import annotations

import ast
import re
from functools import cache
from itertools import pairwise
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "architecture.md").read_text()
PATHS: Final = ("device", "message", "pump", "form")
_STOP: Final = re.compile(r"^\d+\. `([\w/]+\.py)`|^   - `([\w/]+\.py)`", re.MULTILINE)


def stops(path: str) -> list[tuple[str, list[str]]]:
    """The numbered files of a path, each with the files that are named below it."""
    text = PAGE.partition(f"<!-- path: {path} -->\n")[2].partition("\n\n")[0]
    found: list[tuple[str, list[str]]] = []
    for stop, below in _STOP.findall(text):
        if stop:
            found.append((stop, []))
        else:
            found[-1][1].append(below)
    return found


@cache
def imports(file: str) -> frozenset[str]:
    """The files of ours that a file imports. Of a package it is the module that the imported name comes from."""
    found: set[str] = set()
    for node in ast.walk(ast.parse((ROOT / file).read_text())):
        if isinstance(node, ast.ImportFrom) and node.module:
            names = {name.name for name in node.names}
            found |= _modules(node.module, names)
    return frozenset(found)


def _modules(module: str, names: set[str]) -> set[str]:
    path = module.replace(".", "/")
    package = f"{path}/__init__.py"
    found = {f"{path}.py", package} | {f"{path}/{name}.py" for name in names}
    if (ROOT / package).is_file():
        for node in ast.walk(ast.parse((ROOT / package).read_text())):
            if isinstance(node, ast.ImportFrom) and node.module and names & {name.name for name in node.names}:
                found.add(f"{node.module.replace('.', '/')}.py")
    return {file for file in found if (ROOT / file).is_file()}


def connected(one: str, other: str) -> bool:
    return other in imports(one) or one in imports(other)


def test_every_file_and_folder_that_the_tour_names_exists() -> None:
    named = set(re.findall(r"`([\w./-]+(?:\.\w+|/))`", PAGE)) - {"[tool.importlinter]"}
    assert {name for name in named if not (ROOT / name).exists()} == set()
    linked = set(re.findall(r"\]\(([\w./-]+)\)", PAGE))
    assert {name for name in linked if not (ROOT / "docs" / name).exists()} == set()


@pytest.mark.parametrize("path", PATHS)
def test_each_stop_is_joined_to_the_next_by_an_import(path: str) -> None:
    files = [stop for stop, _ in stops(path)]
    assert len(files) > 1
    assert [f"{one} | {other}" for one, other in pairwise(files) if not connected(one, other)] == []


@pytest.mark.parametrize("path", PATHS)
def test_each_file_below_a_stop_is_joined_to_it_or_to_another_of_its_files(path: str) -> None:
    alone = [
        f"{stop}: {file}"
        for stop, below in stops(path)
        for file in below
        if not any(connected(file, other) for other in (stop, *below) if other != file)
    ]
    assert alone == []
