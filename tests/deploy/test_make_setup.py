"""``make setup`` where the virtual environment can't be made: nothing half-made stays, and the way out is named."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
VERSION = f"{sys.version_info.major}.{sys.version_info.minor}"


@pytest.fixture
def python_without_venv(tmp_path: Path) -> Path:
    """A Python as Debian ships it without its package for virtual environments: ``venv`` begins, then fails."""
    program = tmp_path / "python"
    program.write_text(
        f"""#!/bin/sh
if [ "$1 $2" = "-m venv" ]; then
    mkdir -p "$3/bin" && ln -s {sys.executable} "$3/bin/python"
    echo "ensurepip is not available" >&2
    exit 1
fi
exec {sys.executable} "$@"
"""
    )
    program.chmod(0o755)
    return program


def _make(target: str, venv: Path, python: Path) -> subprocess.CompletedProcess[str]:
    words = ["make", "--no-print-directory", target, f"VENV={venv}", f"PYTHON={python}"]
    return subprocess.run(words, cwd=ROOT, capture_output=True, text=True, check=False)


def test_an_environment_that_failed_half_way_is_removed_and_the_package_to_install_is_named(
    python_without_venv: Path, tmp_path: Path
) -> None:
    for _ in range(2):  # the second try starts from nothing, as the first did
        done = _make(str(tmp_path / "venv" / "bin" / "python"), tmp_path / "venv", python_without_venv)
        assert done.returncode != 0
        assert f"apt-get install python{VERSION}-venv" in done.stderr
        assert f"dnf install python{VERSION}" in done.stderr
        assert not (tmp_path / "venv").exists()


def test_a_folder_that_was_there_before_is_not_removed(python_without_venv: Path, tmp_path: Path) -> None:
    folder = tmp_path / "mine"
    folder.mkdir()
    (folder / "precious").touch()
    assert _make(str(folder / "bin" / "python"), folder, python_without_venv).returncode != 0
    assert (folder / "precious").exists()


def test_an_environment_without_pip_is_told_apart_from_a_whole_one(tmp_path: Path) -> None:
    venv = tmp_path / "venv"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(venv)], check=True)
    done = _make(str(venv / "app.stamp"), venv, Path(sys.executable))
    assert done.returncode != 0
    assert "is not whole: make clean, and try again" in done.stderr


def test_a_python_that_is_too_old_is_refused_by_name(tmp_path: Path) -> None:
    old = tmp_path / "python3.10"
    asked = f"exec {sys.executable} -c 'import sys; sys.version_info = (3, 10); '\"$2\""
    old.write_text(f'#!/bin/sh\n[ "$1" = -c ] && {asked}\nexit 3\n')
    old.chmod(0o755)
    done = _make(str(tmp_path / "venv" / "bin" / "python"), tmp_path / "venv", old)
    assert done.returncode != 0
    assert "Python 3.11 or newer is needed" in done.stderr
    assert not (tmp_path / "venv").exists()
