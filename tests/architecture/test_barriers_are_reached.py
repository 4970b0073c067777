"""Each barrier that docs/hazards.md names is reached from a process: code that only tests call protects nobody."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.architecture.reached import Source, used_by_test

ROOT = Path(__file__).resolve().parents[2]
NAMED = re.compile(r"`(tests/[\w/]+\.py)::(\w+)`")


@pytest.fixture(scope="module")
def source() -> Source:
    return Source(ROOT)


def test_what_a_barriers_test_calls_is_called_by_a_process_too(source: Source) -> None:
    reached = source.reached()
    missed = {
        f"{path}::{test}: {module}.{name}"
        for path, test in NAMED.findall((ROOT / "docs" / "hazards.md").read_text())
        for module, name in used_by_test(ROOT / path, test, source)
        if (module, name) not in reached and not name.isupper()  # a figure is no barrier
    }
    assert sorted(missed) == []


def test_a_function_that_only_tests_call_is_not_reached(tmp_path: Path) -> None:
    """As devices/dose.py was: a test named it as a barrier, and no process came to it."""
    _write(tmp_path / "devices" / "dose.py", "def too_high(dose):\n    return dose > LIMIT\n\nLIMIT = 3\n")
    _write(tmp_path / "devices" / "unit.py", "def mass(unit):\n    return unit\n")
    _write(
        tmp_path / "tracker" / "actions" / "log.py",
        "from devices.unit import mass\n\ndef log(unit):\n    return mass(unit)\n",
    )
    _write(
        tmp_path / "tracker" / "web" / "page.py",
        "from tracker.actions import log\n\ndef post(unit):\n    log.log(unit)\n",
    )
    test = tmp_path / "tests" / "test_dose.py"
    _write(
        test,
        "from devices.dose import too_high\n\ndef given():\n    return too_high(4)\n\n"
        "def test_dose():\n    assert given()\n",
    )
    source = Source(tmp_path)
    assert used_by_test(test, "test_dose", source) == {("devices.dose", "too_high")}
    assert ("devices.dose", "too_high") not in source.reached()
    assert ("devices.unit", "mass") in source.reached()


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
