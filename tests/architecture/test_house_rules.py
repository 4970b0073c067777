"""The house rules that a program can check, each with the reason in its message."""

from __future__ import annotations

import ast
import re
import subprocess
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = ("devices", "simulators", "tracker")
VAGUE_NAMES = {"utils", "util", "helpers", "managers", "common", "base", "services", "misc"}
LONGEST_FILE = 300
GENERATED = ("tracker/records/migrations/versions/",)
LOCKS_AND_DATA = {".lock", ".json", ".svg", ".png", ".ico"}


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).is_file()]


def python_files() -> list[Path]:
    return [path for path in tracked() if path.suffix == ".py"]


def test_no_file_is_longer_than_a_reader_can_hold() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in python_files()
        if not str(path.relative_to(ROOT)).startswith(GENERATED)
        and (lines := len(path.read_text().splitlines())) > LONGEST_FILE
    }
    assert long == {}, f"one subject a file, {LONGEST_FILE} lines at the most"


def test_no_folder_or_module_has_a_name_that_says_nothing() -> None:
    vague = [
        str(path.relative_to(ROOT))
        for path in python_files()
        if VAGUE_NAMES & {part.removesuffix(".py") for part in path.relative_to(ROOT).parts}
    ]
    assert vague == [], "name a module after its subject"


def test_every_module_says_what_it_is_for() -> None:
    silent = [
        str(path.relative_to(ROOT)) for path in python_files() if not ast.get_docstring(ast.parse(path.read_text()))
    ]
    assert silent == []


def test_the_pure_parts_never_read_the_clock() -> None:
    pure = [path for path in python_files() if path.relative_to(ROOT).parts[0] == "devices"]
    for folder in ("guideline", "coding", "findings", "worklist", "oncall"):
        pure += [path for path in python_files() if path.relative_to(ROOT).parts[:2] == ("tracker", folder)]
    reading = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in pure
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b(datetime\.now|datetime\.utcnow|date\.today|time\.time|time\.monotonic)\(", line)
    ]
    assert reading == [], "`now` is a parameter: a decision is a function of values"


@pytest.mark.parametrize("word", ["TODO", "FIXME", "XXX", "NotImplementedError"])
def test_nothing_is_left_unfinished(word: str) -> None:
    unfinished = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files()
        if path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(rf"\b{word}\b", line)
    ]
    assert unfinished == []


def test_tests_patch_nothing() -> None:
    patching = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files()
        if path.relative_to(ROOT).parts[0] in {"tests", "benchmarks"} and path != Path(__file__)
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(r"\b(unittest\.mock|MagicMock|monkeypatch\.setattr|mocker\.patch|mock\.patch)\b", line)
    ]
    assert patching == [], "pass a real thing, or a small fake"


def test_no_file_names_a_package_registry_or_a_path_of_a_developers_machine() -> None:
    hosts = re.compile(r"pypi\.org|pythonhosted\.org|registry\.npmjs|deb\.debian\.org|/home/\w+|/" + "work/")
    named = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in tracked()
        if path.suffix not in {".png", ".ico"} and path != Path(__file__)
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if hosts.search(line)
    ]
    assert named == []


def test_every_ignored_warning_gives_its_reason() -> None:
    reasoned = re.compile(r"#\s*(noqa: [A-Z0-9, ]+|type: ignore\[[a-z-, ]+\])\s*(-|#)\s*\S")
    bare = [
        f"{path.relative_to(ROOT)}:{number}"
        for path in python_files()
        if path != Path(__file__) and "migrations" not in path.parts
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if re.search(_MUTED[path.relative_to(ROOT).parts[0] in {"tests", "benchmarks"}], line)
        and not reasoned.search(line)
    ]
    assert bare == []


#: In tests a silenced type needs no words: mostly it is a column that SQLModel types as its value.
_MUTED = (r"#\s*(noqa|type: ignore)", r"#\s*noqa")


def test_no_module_imports_itself_through_others() -> None:
    """Imports that only type checkers see count too: they hide a circle, and do not end it."""
    graph = grimp.build_graph("devices", "simulators", "tracker", exclude_type_checking_imports=False, cache_dir=None)
    circles = {
        module
        for module in graph.modules
        for imported in graph.find_modules_directly_imported_by(module)
        if graph.find_shortest_chain(imported, module)
    }
    assert sorted(circles) == []
