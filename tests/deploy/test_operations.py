"""The operations handbook names what there is: every setting, every command, every file."""

from __future__ import annotations

import importlib
import re
import shlex
from pathlib import Path

import pytest
import typer

from tests.deploy.handbook import CONDITIONS, blocks
from tracker.cli.main import COMMANDS, EVALUATORS
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


@pytest.mark.parametrize("page", [HANDBOOK, Path("README.md")], ids=str)
def test_each_command_in_the_text_has_the_words_and_options_that_the_program_knows(page: Path) -> None:
    """The blocks are run; what stands within a sentence, with FILE and EMAIL in it, is read as the program reads it."""
    text = re.sub(r"^```.*?^```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    named = {" ".join(one.split()) for one in re.findall(r"`tracker ([^`]+)`", text)}
    if page == HANDBOOK:
        assert len(named) > 20
    for command in sorted(named):
        assert unknown_word(shlex.split(command)) is None, f"tracker {command}: {unknown_word(shlex.split(command))}"


def unknown_word(words: list[str]) -> str | None:
    """The first word that is neither a command nor an option of the one before; None where all are known."""
    if words[0] not in COMMANDS:
        return None if words[0].startswith("--") else words[0]
    if words[0] in EVALUATORS:
        return None
    command = typer.main.get_command(importlib.import_module(COMMANDS[words[0]][0]).app)
    for word in words[1:]:
        known = getattr(command, "commands", {})
        if word in known:
            command = known[word]
            continue
        is_option = word.startswith("--")
        if known if not is_option else word not in {name for one in command.params for name in one.opts}:
            return word
    return None


def test_a_word_that_the_program_does_not_know_is_found() -> None:
    assert unknown_word(["db", "upgrade", "--role", "x"]) is None
    assert unknown_word(["db", "upgrad"]) == "upgrad"
    assert unknown_word(["staff", "change", "EMAIL", "--unlok"]) == "--unlok"


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
