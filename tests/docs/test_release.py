"""The repository's own papers agree: the version, the changelog, hosted CI, the checks before a commit."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any, Final

import yaml

ROOT: Final = Path(__file__).parents[2]
_RELEASE: Final = re.compile(r"^## \[(\d+\.\d+\.\d+)\] - (\d{4}-\d{2}-\d{2})$", re.MULTILINE)
_KINDS: Final = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}


def changelog() -> str:
    return (ROOT / "CHANGELOG.md").read_text()


def test_the_newest_release_of_the_changelog_is_the_packages_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    (newest, _), *_ = _RELEASE.findall(changelog())
    assert newest == version


def test_the_images_of_compose_carry_the_packages_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    for file in ("docker-compose.yml", "deploy/sentinel/docker-compose.yml"):
        tags = set(re.findall(r"image: pump-tracker:([\w.]+)", (ROOT / file).read_text()))
        assert tags == {version}, file


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    releases = re.findall(r"^## (.*)$", changelog(), re.MULTILINE)
    assert releases[0] == "[Unreleased]"
    dates = [date for _, date in _RELEASE.findall(changelog())]
    assert len(dates) == len(releases) - 1, "a release has a version and a date"
    assert dates == sorted(dates, reverse=True)
    assert set(re.findall(r"^### (.*)$", changelog(), re.MULTILINE)) <= _KINDS


def test_hosted_ci_runs_what_any_machine_runs() -> None:
    workflow: dict[str, Any] = yaml.safe_load((ROOT / ".github" / "workflows" / "ci.yml").read_text())
    steps = workflow["jobs"]["test"]["steps"]
    assert [step["run"] for step in steps if ".ci/" in step.get("run", "")] == [".ci/run"]
    assert all(re.search(r"@[0-9a-f]{40}$", step["uses"]) for step in steps if "uses" in step), "pinned by commit"


def test_every_check_before_a_commit_is_one_of_make_lint() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"][0]["hooks"]
    lint = (ROOT / "Makefile").read_text().partition("\nlint:")[2].partition("\n\n")[0]
    for hook in hooks:
        program, *words = hook["entry"].removeprefix(".venv/bin/").split()
        assert f"$(BIN)/{program}" in lint
        assert all(word in lint for word in words if word != "--force-exclude")
