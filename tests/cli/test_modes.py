"""What is written to the disk is for its owner alone, also where the shell makes files readable for all."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tracker.errors import StartupFault
from tracker.records import backup
from tracker.records.database import Database

READABLE_FOR_ALL = 0o022


def run(folder: Path, *words: str, url: str = "") -> None:
    """Run a command under the umask that most systems have."""
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", *words],
        env=os.environ | {"TRACKER_DATA_DIR": str(folder), "TRACKER_DATABASE_URL": url},
        umask=READABLE_FOR_ALL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_data_folder_and_the_database_are_for_their_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "clinic" / "data"
    run(data, "db", "upgrade")
    assert mode(data) == mode(data.parent) == 0o700
    open_database = Database(f"sqlite:///{data / 'tracker.db'}")
    with open_database.writing() as session:
        session.connection().exec_driver_sql("CREATE TABLE something (x)")
    with open_database.writing() as session:
        session.connection()
        made = {path.name: mode(path) for path in data.iterdir()}
    open_database.close()
    assert made == {f"tracker.db{part}": 0o600 for part in ("", "-wal", "-shm", "-turn")}
    run(data, "db", "backup", str(tmp_path / "copy"))
    run(tmp_path / "other", "db", "restore", "--force", str(tmp_path / "copy"))
    assert mode(tmp_path / "other" / "tracker.db") == 0o600


def test_a_copy_is_for_its_owner_alone(database_url: str, tmp_path: Path) -> None:
    run(tmp_path, "db", "upgrade", url=database_url)
    run(tmp_path, "db", "backup", str(tmp_path / "copy"), url=database_url)
    assert mode(tmp_path / "copy") == 0o600


def test_a_copy_that_failed_leaves_nothing_behind(sqlite_database: Database, small_disk: Path) -> None:
    ballast = small_disk / "ballast"
    ballast.write_bytes(b"x" * (12 * 1024**2 - 100_000))
    with pytest.raises(sqlite3.Error):
        backup.backup(sqlite_database, small_disk / "copy")
    assert list(small_disk.iterdir()) == [ballast]


def test_a_copy_of_postgresql_that_failed_leaves_nothing_behind(postgres_url: str, tmp_path: Path) -> None:
    missing = Database(postgres_url + "_that_is_not_there")
    with pytest.raises(StartupFault, match=r"can't be reached: .*does not exist"):
        backup.backup(missing, tmp_path / "copy")
    assert list(tmp_path.iterdir()) == []


def test_folders_and_files_that_are_there_keep_their_modes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    data.mkdir(mode=0o750)
    data.chmod(0o750)
    (data / "tracker.db").touch()
    (data / "tracker.db").chmod(0o640)
    run(data, "db", "upgrade")
    assert mode(data) == 0o750
    assert mode(data / "tracker.db") == 0o640
