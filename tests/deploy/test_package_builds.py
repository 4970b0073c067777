"""The package is built as a stranger builds it: isolated, without npm, from a checkout that can't be written.

The builds are real: their tools come from the package registries, or the second time from the caches.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
VENDOR = "tracker/web/static/vendor"
LIBRARIES = {"htmx.min.js", "idiomorph-ext.min.js", "sse.min.js", "uPlot.iife.min.js", "uPlot.min.css"}
LOCK: dict[str, dict[str, str]] = json.loads((ROOT / "tracker/web/vendor/package-lock.json").read_text())["packages"]
NPM = {place.removeprefix("node_modules/"): package["version"] for place, package in LOCK.items() if place}


def _files(folder: Path) -> dict[str, str]:
    """Every file below the folder with its digest."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def checkout(tmp_path: Path) -> Iterator[Path]:
    """A checkout without the fetched libraries that can't be written: by root neither, where mounting is allowed."""
    place = tmp_path / "checkout"
    skipped = shutil.ignore_patterns(
        ".venv", ".git", "tests", "docs", "data", "dist", "node_modules", "__pycache__", ".*_cache"
    )
    shutil.copytree(ROOT, place, ignore=skipped)
    shutil.rmtree(place / VENDOR, ignore_errors=True)
    mounted = False
    if os.geteuid() == 0:
        words = (["mount", "--bind", str(place), str(place)], ["mount", "-o", "remount,ro,bind", str(place)])
        mounted = all(subprocess.run(one, capture_output=True, check=False).returncode == 0 for one in words)
    else:
        subprocess.run(["chmod", "-R", "a-w", str(place)], check=True)
    try:
        yield place
    finally:
        if mounted:
            subprocess.run(["umount", "-l", str(place)], check=True)
        subprocess.run(["chmod", "-R", "u+w", str(place)], check=True)


@pytest.fixture
def stranger(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody who has Python and nothing else: no npm, no node, a home of their own."""
    home, programs = tmp_path / "home", tmp_path / "programs"
    home.mkdir()
    programs.mkdir()
    own = Path.home() / ".npmrc"
    if own.exists():  # how this machine reaches the npm registry
        shutil.copy(own, home)
    kept = {name: value for name, value in os.environ.items() if not name.startswith("npm_")}
    return kept | {
        "HOME": str(home),
        "PATH": str(programs),
        "UV_CACHE_DIR": str(home / "uv"),
        "UV_PYTHON_DOWNLOADS": "never",
    }


def _run(environment: dict[str, str], *words: str, cwd: Path) -> None:
    done = subprocess.run(words, env=environment, cwd=cwd, capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, (done.stdout + done.stderr)[-3000:]


def _carries_the_pages_and_the_licenses(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        assert len(names) == len(set(names))
        held = {name.removeprefix(f"{VENDOR}/") for name in names if name.startswith(f"{VENDOR}/")}
        assert held == LIBRARIES | {f"LICENSE-{name}.txt" for name in NPM} | {"lock.sha256"}
        licenses = {Path(name).name for name in names if ".dist-info/licenses/" in name}
        assert licenses == {"LICENSE", "NOTICE"}
        assert sum(".dist-info/sboms/" in name for name in names) == 1


def test_pip_builds_the_package_where_there_is_no_npm_and_the_checkout_cannot_be_written(
    checkout: Path, stranger: dict[str, str], tmp_path: Path
) -> None:
    before = _files(checkout)
    made = tmp_path / "made"
    pip = (sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-cache-dir", "-w", str(made))
    _run(stranger, *pip, str(checkout), cwd=tmp_path)
    _carries_the_pages_and_the_licenses(next(made.glob("*.whl")))
    assert _files(checkout) == before


def test_uv_builds_archive_and_wheel_without_npm_and_the_second_time_without_a_network(
    checkout: Path, stranger: dict[str, str], tmp_path: Path
) -> None:
    before = _files(checkout)
    uv = str(Path(sys.executable).parent / "uv")
    if not Path(uv).exists():
        uv = shutil.which("uv") or pytest.fail("uv is a development package: run `make setup`")
    build = (uv, "build", "--python", sys.executable, str(checkout), "--out-dir")
    _run(stranger, *build, str(tmp_path / "first"), cwd=tmp_path)
    nobody = "http://127.0.0.1:9"
    away = {"UV_OFFLINE": "1", "npm_config_fetch_retries": "0"}
    away |= dict.fromkeys(["HTTP_PROXY", "HTTPS_PROXY", "npm_config_proxy", "npm_config_https_proxy"], nobody)
    _run(stranger | away, *build, str(tmp_path / "second"), cwd=tmp_path)
    for folder in (tmp_path / "first", tmp_path / "second"):
        _carries_the_pages_and_the_licenses(next(folder.glob("*.whl")))
        with tarfile.open(next(folder.glob("*.tar.gz"))) as archive:
            names = {name.partition("/")[2] for name in archive.getnames()}
        assert {f"{VENDOR}/{name}" for name in LIBRARIES} | {"NOTICE", "supply/sbom.py"} <= names
    assert _files(checkout) == before


def test_the_notice_names_each_library_that_the_package_carries_in_its_version() -> None:
    text = (ROOT / "NOTICE").read_text()
    listed = dict(re.findall(r"^  ([\w.-]+) ([\d.]+) +(?:0BSD|MIT) ", text, re.MULTILINE))
    assert listed == NPM
    for name, package in ((place.removeprefix("node_modules/"), package) for place, package in LOCK.items() if place):
        if "license" in package:
            assert re.search(rf"^  {re.escape(name)} [\d.]+ +{re.escape(package['license'])} ", text, re.MULTILINE)
