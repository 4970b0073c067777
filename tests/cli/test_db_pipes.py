"""``tracker db backup -`` and ``restore -``: a copy through a pipe, as a container or another machine takes it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.test_db import add_pump, serials
from tracker.records import schema
from tracker.records.database import Database


def tracker(
    folder: Path, url: str, *words: str, given: bytes = b"", expect: int = 0
) -> subprocess.CompletedProcess[bytes]:
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", "db", *words],
        env=os.environ | {"TRACKER_DATA_DIR": str(folder), "TRACKER_DATABASE_URL": url},
        input=given,
        capture_output=True,
        check=False,
    )
    assert done.returncode == expect, done.stderr.decode()
    return done


def _address(database: Database) -> str:
    return database.url.render_as_string(hide_password=False)


def test_a_copy_goes_out_by_standard_output_and_comes_back_by_standard_input(
    database: Database, tmp_path: Path
) -> None:
    database_url = _address(database)
    add_pump(database, "A")
    data = tmp_path / "data"
    copy = tracker(data, database_url, "backup", "-").stdout
    assert copy.startswith(b"SQLite format 3" if database.is_sqlite else b"PGDMP")
    add_pump(database, "B")
    database.close()
    refused = tracker(data, database_url, "restore", "-", given=copy, expect=1)
    assert b"--force" in refused.stderr
    done = tracker(data, database_url, "restore", "--force", "-", given=copy)
    assert b"restored from standard input" in done.stdout
    assert serials(database) == ["A"]
    left = [path.name for folder in (tmp_path, data) for path in folder.glob(".*")]
    assert left == []


@pytest.mark.parametrize("part", [0.0, 0.6])
def test_a_copy_that_came_through_the_pipe_in_part_is_refused_and_the_records_stay(
    database: Database, tmp_path: Path, part: float
) -> None:
    database_url = _address(database)
    add_pump(database, "A")
    copy = tracker(tmp_path / "data", database_url, "backup", "-").stdout
    database.close()
    tracker(tmp_path / "data", database_url, "restore", "--force", "-", given=copy[: int(len(copy) * part)], expect=1)
    assert serials(database) == ["A"]


def test_a_backup_that_fails_says_so_on_standard_error_and_writes_no_copy(postgres_url: str, tmp_path: Path) -> None:
    done = tracker(tmp_path, f"{postgres_url}_that_is_not_there", "backup", "-", expect=1)
    assert b"the database can't be reached" in done.stderr
    assert b"Traceback" not in done.stderr
    assert done.stdout == b""


def test_a_reader_that_goes_away_makes_the_backup_fail(postgres_url: str, tmp_path: Path) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    database.close()
    ours, theirs = os.pipe()
    os.close(ours)
    done = subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", "db", "backup", "-"],
        env=os.environ | {"TRACKER_DATA_DIR": str(tmp_path), "TRACKER_DATABASE_URL": postgres_url},
        stdout=theirs,
        stderr=subprocess.PIPE,
        check=False,
    )
    os.close(theirs)
    assert done.returncode != 0
    assert b"Traceback" not in done.stderr
