"""The operations handbook names what there is: every setting, every command, every file."""

from __future__ import annotations

import re
from pathlib import Path

from tracker.cli.main import COMMANDS
from tracker.settings import Settings
from tracker.settings_source import secret_fields

HANDBOOK = Path("docs/operations.md")


def test_every_setting_is_in_the_handbook_and_no_other() -> None:
    listed = re.findall(r"^\| `TRACKER_(\w+)` \|", HANDBOOK.read_text(), re.MULTILINE)
    assert sorted(listed) == sorted(name.upper() for name in Settings.model_fields)


def test_the_handbook_speaks_of_no_setting_that_the_program_does_not_know() -> None:
    mentioned = set(re.findall(r"TRACKER_[A-Z_]*[A-Z]", HANDBOOK.read_text()))
    in_files = {f"TRACKER_{name.upper()}_FILE" for name in secret_fields(Settings)}
    assert mentioned <= {f"TRACKER_{name.upper()}" for name in Settings.model_fields} | in_files


def test_the_commands_in_the_handbook_exist() -> None:
    used = set(re.findall(r"(?:^|`|TRACKER_\w+=\S+ )tracker ([a-z]+)", HANDBOOK.read_text(), re.MULTILINE))
    assert used
    assert used <= set(COMMANDS)


def test_the_files_that_the_handbook_links_to_exist() -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", HANDBOOK.read_text()):
        if target != "benchmarks.md":  # written by `make bench`
            assert (HANDBOOK.parent / target).exists(), target
