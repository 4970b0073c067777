"""``tracker rehearse``: what it prints where, and its exit status."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tracker.cli.main import main

CASE = """
start: 2026-03-02T08:00:00Z
steps:
- enrol: {serial: SN-1, model: synchromed-ii-20}
- {report: {pump: SN-1, motor: odd}}
- look: SN-1
  expect: [{path: verdict, is: %s}]
"""


def run(capsys: pytest.CaptureFixture[str], *words: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        main(["rehearse", *words])
    out, err = capsys.readouterr()
    return int(ended.value.code or 0), out, err


def a_case(folder: Path, name: str, text: str) -> str:
    file = folder / name
    file.write_text(text)
    return str(file)


def test_a_case_that_holds_ends_well_and_names_what_was_refused_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = a_case(tmp_path, "good.yaml", CASE % "not_followed")
    status, out, err = run(capsys, file)
    assert (status, out) == (0, f"{file}: holds\n")
    assert f"{file}: at 2026-03-02T08:00:00Z, step 2: refused:" in err


def test_what_does_not_hold_is_one_line_and_status_1(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = a_case(tmp_path, "bad.yaml", CASE % "well")
    status, out, _ = run(capsys, file)
    assert status == 1
    assert out.startswith(f"{file}: at 2026-03-02T08:00:00Z, step 3: verdict is ")
    assert out.endswith('expected is "well"\n')


def test_with_json_a_look_is_one_line_and_all_else_is_on_stderr(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = a_case(tmp_path, "bad.yaml", CASE % "well")
    status, out, err = run(capsys, file, "--json")
    assert status == 1
    assert json.loads(out)["pump"] == "SN-1"
    assert "step 3: verdict is" in err


def test_a_file_that_can_not_be_read_is_status_2_with_line_and_field_and_the_others_run(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = a_case(tmp_path, "broken.yaml", "start: today\nsteps: [{jobs: run}]\n")
    good = a_case(tmp_path, "good.json", json.dumps({"start": "2026-03-02T08:00:00Z", "steps": [{"jobs": "run"}]}))
    missing = str(tmp_path / "missing.yaml")
    status, out, err = run(capsys, broken, missing, good)
    assert status == 2
    assert out == f"{good}: holds\n"
    assert err.splitlines() == [
        f'{broken}:1: start: "today" is no time such as 2026-03-02T08:00:00Z',
        f"{missing}: can't be read: No such file or directory",
    ]


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out.startswith("pump-tracker ")
