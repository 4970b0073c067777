"""The README's commands, line by line as they are written: each is run here, or named with the reason why not."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
RUN = ["echo ", ".venv/bin/tracker pumps enrol"]
NOT_RUN = {
    "make demo": "tests/end_to_end runs `tracker demo`, which is its whole recipe",
    "make test": "it runs this test",
    "mosquitto_pub": "tests/deploy/test_compose_runs.py sends a report through the broker to the API",
    "export ": "it names hosts that are not there",
    "cp ": "it writes into the machine's own folders",
    "docker ": "no Docker engine runs here; tests/deploy/test_compose.py has Compose read the file",
    "tracker ": "for PostgreSQL and a broker elsewhere: tests/deploy/test_compose_runs.py runs the same processes",
}


def _commands() -> list[str]:
    """Each command of the README's blocks; one that goes on over several lines is one."""
    blocks = re.findall(r"^```\n(.*?)^```", (ROOT / "README.md").read_text(), re.MULTILINE | re.DOTALL)
    found: list[str] = []
    for block in blocks:
        if "│" in block or "(pure)" in block:  # a picture of the folders
            continue
        lines: list[str] = []
        for line in block.splitlines():
            if lines and lines[-1].partition("   #")[0].count("'") % 2:  # inside a quoted text
                lines[-1] += "\n" + line
            else:
                lines.append(line)
        found += [line for line in lines if line]
    return found


def _run(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run it in a shell where ``tracker`` is the one of this environment, with a data folder of its own."""
    tools = folder / "bin"
    tools.mkdir(exist_ok=True)
    tracker = tools / "tracker"
    tracker.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m tracker.cli.main "$@"\n')
    tracker.chmod(0o755)
    environment = os.environ | {
        "PATH": f"{tools}:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "TRACKER_DATA_DIR": str(folder / "data"),
    }
    (folder / ".venv").mkdir(exist_ok=True)
    if not (folder / ".venv" / "bin").exists():
        (folder / ".venv" / "bin").symlink_to(tools)
    words = ["sh", "-ec", command]
    return subprocess.run(words, cwd=folder, env=environment, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("command", _commands())
def test_each_command_of_the_readme_is_run_or_has_a_reason_why_not(command: str) -> None:
    assert any(command.startswith(start) for start in (*RUN, *NOT_RUN)), f"neither run nor named here: {command}"


@pytest.mark.parametrize("command", [one for one in _commands() if one.startswith("echo ")])
def test_the_evaluators_answer_the_readmes_lines_as_they_are_written(command: str, tmp_path: Path) -> None:
    done = _run(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["id"] == 1


def test_the_readmes_pump_is_enrolled_by_the_line_as_it_is_written(tmp_path: Path) -> None:
    (command,) = [one for one in _commands() if "pumps enrol" in one]
    assert _run("tracker db upgrade", tmp_path).returncode == 0
    done = _run(command, tmp_path)
    assert done.returncode == 0, done.stderr
    assert {"serial", "username", "password"} <= json.loads(done.stdout).keys()
