"""The operations handbook names what there is: every setting, every command, every file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.deploy.handbook import CONDITIONS, blocks
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


def test_each_block_of_the_handbook_is_run_or_says_why_not() -> None:
    """``test_handbook_runs.py`` runs them. A fence without a language, or a comment with another beginning, fails."""
    document = HANDBOOK.read_text()
    found = blocks(document)
    assert document.count("\n```") == 2 * len(found)
    assert {block.language for block in found} <= {"sh", "ini"}, "commands are sh, a program's configuration is ini"
    assert all(block.where <= CONDITIONS for block in found)
    assert all(len(block.reason) > 10 for block in found if not block.run or block.where), "say why"
    for block in found:
        for named in re.findall(r"tests/[\w/]+\.py", block.reason):
            assert Path(named).exists(), named


def test_a_block_with_a_comment_that_says_neither_is_refused() -> None:
    with pytest.raises(ValueError, match="begin it with"):
        blocks("<!-- left out -->\n```sh\ntrue\n```\n")
