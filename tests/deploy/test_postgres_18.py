"""The newest PostgreSQL beside the one that the other tests run on: schema, guards, copies, and the way up from 15."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from tests.broker.certificates import Authority
from tests.cli.test_db import add_pump, serials
from tests.deploy.programs import postgres_18
from tests.records.test_schema import entry
from tests.servers import Postgres, postgres_cluster
from tracker.errors import StartupFault
from tracker.records import schema
from tracker.records.backup import backup_to
from tracker.records.database import Database
from tracker.records.postgres_programs import Server, program, server
from tracker.records.tables import METADATA

pytestmark = pytest.mark.postgres_18


@pytest.fixture(scope="module")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("programs")
    for one in (folder, *folder.parents):  # the server runs as another account
        if one.stat().st_mode & 0o005 != 0o005:
            one.chmod(one.stat().st_mode | 0o055)
    return postgres_18(folder)


@pytest.fixture(scope="module")
def newest(programs: Path) -> Iterator[Postgres]:
    with postgres_cluster("fsync=off", programs=programs) as cluster:
        yield cluster


def _database(url: str) -> Database:
    opened = Database(url)
    schema.upgrade(opened)
    return opened


def _copy(
    url: str, programs: Path, folder: Path, *words: str, given: bytes = b""
) -> subprocess.CompletedProcess[bytes]:
    """Run ``tracker db`` where the newest client programs are on the search path."""
    path = os.pathsep.join([str(programs), os.environ["PATH"]])
    return subprocess.run(
        [sys.executable, "-m", "tracker.cli.main", "db", *words],
        env=os.environ | {"TRACKER_DATA_DIR": str(folder), "TRACKER_DATABASE_URL": url, "PATH": path},
        input=given,
        capture_output=True,
        check=False,
    )


def test_the_migrations_make_the_tables_the_guards_and_the_search_index_there_too(newest: Postgres) -> None:
    database = _database(newest.new_database())
    assert server(database) == Server(version=18, encrypted=False)
    with database.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection, opts={"compare_type": False}), METADATA)
        indexes = {one["name"] for one in inspect(connection).get_indexes("pump")}
    made_by_the_database_alone = ("reading_default", "ix_pump_text")
    assert [one for one in differences if not any(name in str(one) for name in made_by_the_database_alone)] == []
    assert "ix_pump_text" in indexes
    with database.writing() as session:
        session.add(entry())
    with pytest.raises(sqlalchemy.exc.DBAPIError, match="only ever appended"), database.engine.begin() as connection:
        connection.execute(text("DELETE FROM audit_entry"))
    database.close()


def test_a_copy_of_the_newest_goes_out_and_comes_back_with_the_newest_programs(
    newest: Postgres, programs: Path, tmp_path: Path
) -> None:
    url = newest.new_database()
    database = _database(url)
    add_pump(database, "A")
    copy = _copy(url, programs, tmp_path, "backup", "-")
    assert copy.returncode == 0, copy.stderr
    add_pump(database, "B")
    done = _copy(url, programs, tmp_path, "restore", "--force", "-", given=copy.stdout)
    assert done.returncode == 0, done.stderr
    assert serials(database) == ["A"]
    database.close()


def test_a_copy_of_an_older_server_is_restored_into_the_newest(
    newest: Postgres, programs: Path, postgres_url: str, tmp_path: Path
) -> None:
    older = _database(postgres_url)
    if server(older).version >= 18:
        pytest.skip("the machine's own PostgreSQL is as new")
    add_pump(older, "A")
    older.close()
    copy = _copy(postgres_url, programs, tmp_path, "backup", "-")
    assert copy.returncode == 0, copy.stderr
    url = newest.new_database()
    done = _copy(url, programs, tmp_path, "restore", "-", given=copy.stdout)
    assert done.returncode == 0, done.stderr
    database = Database(url)
    assert serials(database) == ["A"]
    assert schema.current_revision(database) == schema.newest_revision()
    database.close()


def test_an_older_server_gets_its_copy_back_where_newer_programs_come_first(
    programs: Path, postgres_url: str, tmp_path: Path
) -> None:
    database = _database(postgres_url)
    add_pump(database, "A")
    copy = _copy(postgres_url, programs, tmp_path, "backup", "-")
    add_pump(database, "B")
    done = _copy(postgres_url, programs, tmp_path, "restore", "--force", "-", given=copy.stdout)
    assert done.returncode == 0, done.stderr
    assert serials(database) == ["A"]
    database.close()


def test_a_copy_is_encrypted_on_its_way_where_the_trackers_own_connection_is_or_refused(
    programs: Path, tmp_path: Path
) -> None:
    authority = Authority(tmp_path, "authority")
    certificate, key = authority.issue("127.0.0.1", server=True)
    with postgres_cluster("fsync=off") as cluster:
        for name, file in (("server.crt", certificate), ("server.key", key)):
            placed = cluster.folder / "data" / name
            shutil.copy(file, placed)
            placed.chmod(0o600)
            shutil.chown(placed, cluster.folder.owner())
        cluster.stop()
        cluster.start("ssl=on")
        database = _database(cluster.new_database())
        reached = server(database)
        assert reached.encrypted
        assert reached.environment()["PGSSLMODE"] == "require"
        with (tmp_path / "copy").open("wb") as stream:
            backup_to(database, stream)
        assert (tmp_path / "copy").stat().st_size > 0
        address = database.url.set(drivername="postgresql").render_as_string()
        plain = [str(programs / "pg_dump"), f"--file={tmp_path / 'plain'}", address]
        done = subprocess.run(plain, env=reached.environment(), capture_output=True, text=True, check=False)
        assert "SSL support is not compiled in" in done.stderr
        assert done.returncode != 0
        database.close()


def _installed(places: Path, *versions: int) -> None:
    for version in versions:
        folder = places / str(version) / "bin"
        folder.mkdir(parents=True)
        (folder / "pg_dump").write_text(f"#!/bin/sh\necho 'pg_dump (PostgreSQL) {version}.1'\n")
        (folder / "pg_dump").chmod(0o755)


@pytest.mark.parametrize(("asked", "taken"), [(14, 15), (15, 15), (16, 17), (17, 17)])
def test_of_several_client_programs_the_servers_own_or_the_next_newer_is_taken(
    tmp_path: Path, asked: int, taken: int
) -> None:
    _installed(tmp_path, 15, 17)
    assert program("pg_dump", asked, tmp_path) == str(tmp_path / str(taken) / "bin" / "pg_dump")


def test_programs_that_are_all_older_than_the_server_are_refused_with_the_version_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _installed(tmp_path, 15)
    monkeypatch.setenv("PATH", str(tmp_path / "15" / "bin"))
    with pytest.raises(
        StartupFault, match=r"of version 15 and the server of 18: install PostgreSQL's client programs 18"
    ):
        program("pg_dump", 18, tmp_path)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(StartupFault, match="not on this machine"):
        program("pg_dump", 18, tmp_path)
