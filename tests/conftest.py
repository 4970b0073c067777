"""Fixtures that every folder of tests may ask for."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.servers import Postgres, postgres_cluster
from tracker.cli.log_format import take_down_logging
from tracker.records import schema
from tracker.records.database import Database

NOW = datetime(2026, 11, 22, 10, 0, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _logging_of_its_own() -> Iterator[None]:
    """A command that a test runs sets up logging for the process; the next test starts without it."""
    yield
    take_down_logging()


@pytest.fixture
def now() -> datetime:
    """The moment at which the tests' stories play."""
    return NOW


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One PostgreSQL for the whole run; don't stop it (make your own with ``postgres_cluster`` for that)."""
    with postgres_cluster("fsync=off") as cluster:
        yield cluster


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """A SQLite file that does not exist yet."""
    return f"sqlite:///{tmp_path / 'tracker.db'}"


@pytest.fixture
def postgres_url(postgres: Postgres) -> Iterator[str]:
    """A new, empty PostgreSQL database."""
    url = postgres.new_database()
    yield url
    postgres.drop(url)


@pytest.fixture(scope="session")
def sqlite_with_schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A SQLite file with the whole schema, to be copied: one copy takes a hundredth of the migrations' time."""
    file = tmp_path_factory.mktemp("schema") / "tracker.db"
    made = Database(f"sqlite:///{file}")
    schema.upgrade(made)
    with made.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    made.close()
    return file


@pytest.fixture(scope="session")
def postgres_with_schema(postgres: Postgres) -> str:
    """The name of a PostgreSQL database with the whole schema, to be copied."""
    url = postgres.new_database()
    made = Database(url)
    schema.upgrade(made)
    made.close()
    return url.rpartition("/")[2]


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """An empty database of each kind in turn."""
    url: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return url


@pytest.fixture
def sqlite_database(sqlite_url: str, sqlite_with_schema: Path) -> Iterator[Database]:
    """A SQLite database with the whole schema."""
    shutil.copy2(sqlite_with_schema, sqlite_url.removeprefix("sqlite:///"))
    opened = Database(sqlite_url)
    yield opened
    opened.close()


@pytest.fixture
def postgres_database(postgres: Postgres, postgres_with_schema: str) -> Iterator[Database]:
    """A PostgreSQL database with the whole schema."""
    url = postgres.new_database(postgres_with_schema)
    opened = Database(url)
    yield opened
    opened.close()
    postgres.drop(url)


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Database:
    """A database of each kind in turn, with the whole schema."""
    kind = "sqlite_database" if request.param == "sqlite" else "postgres_database"
    opened: Database = request.getfixturevalue(kind)
    return opened


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of 12 MiB."""
    folder = tmp_path / "small"
    folder.mkdir()
    mounting = ["mount", "-t", "tmpfs", "-o", "size=12m", "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(mounting, capture_output=True, check=False).returncode != 0:
        pytest.skip("this test mounts a small file system, which takes the rights of root on Linux")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
