"""Secrets made at the first start: the same for all who start at once, and never an empty one."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tracker.errors import StartupFault
from tracker.private_files import private_text


def test_all_who_start_at_once_get_the_same_secret(tmp_path: Path) -> None:
    together = threading.Barrier(8)

    def ask(path: Path) -> str:
        together.wait()
        return private_text(path)

    with ThreadPoolExecutor(8) as pool:
        for turn in range(300):
            path = tmp_path / f"secret{turn}"
            told = set(pool.map(ask, [path] * 8))
            assert told == {path.read_text()}
            assert len(told.pop()) > 30
            assert path.stat().st_mode & 0o777 == 0o600
    assert [left.name for left in tmp_path.iterdir() if left.name.startswith(".")] == []


@pytest.mark.parametrize("left", ["", "\n"])
def test_an_empty_secret_is_refused_with_what_to_do(tmp_path: Path, left: str) -> None:
    path = tmp_path / "secret"
    path.write_text(left)
    with pytest.raises(StartupFault, match=r"secret is empty .* remove it"):
        private_text(path)
    path.unlink()
    assert private_text(path)


@pytest.mark.usefixtures("sqlite_database")
def test_an_empty_broker_password_stops_the_start_with_one_sentence(sqlite_url: str, tmp_path: Path) -> None:
    (tmp_path / "broker_password").touch()
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", "ingest"],
        env=os.environ | {"TRACKER_DATABASE_URL": sqlite_url, "TRACKER_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1
    _, sentence = done.stderr.splitlines()  # the first says what is used
    assert sentence.startswith("tracker: ")
    assert str(tmp_path / "broker_password") in sentence
