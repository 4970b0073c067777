"""A PostgreSQL that hangs, not one that is down: nothing waits for ever, and all goes on when it does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import psutil
import pytest
from sqlalchemy import text
from sqlalchemy.exc import OperationalError

from tests.ingest.conftest import NOW, Desk, sent, status
from tests.servers import Postgres, free_port, postgres_cluster, wait_until
from tracker.ingest.batch_writer import DatabaseDown
from tracker.records import schema
from tracker.records.database import Database
from tracker.web.auth.current_user import session_cookie_name

TRACKER = str(Path(sys.executable).parent / "tracker")
SOMEBODY = {"Cookie": f"{session_cookie_name(https=False)}={'x' * 43}", "Accept": "text/html"}


@pytest.fixture(scope="module")
def cluster() -> Iterator[Postgres]:
    """A cluster of this file's own: it is stopped in its tracks."""
    with postgres_cluster("fsync=off") as own:
        yield own


@contextmanager
def hanging(cluster: Postgres) -> Iterator[None]:
    """Every process of the server stands still; connections are taken by the system and never answered."""
    assert cluster.process is not None
    server = psutil.Process(cluster.process.pid)
    stopped = [server, *server.children(recursive=True)]
    for process in stopped:
        process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        for process in stopped:
            if process.is_running():
                process.send_signal(signal.SIGCONT)


def test_a_statement_and_a_connection_are_given_up_and_later_ones_refused_at_once(cluster: Postgres) -> None:
    database = Database(cluster.new_database(), pool_size=2, answers_within_s=2)
    assert database.answers()
    with hanging(cluster):
        with pytest.raises(OperationalError, match="not answer"), database.reading() as session:
            session.execute(text("SELECT 1"))
        begun = time.monotonic()
        for _ in range(50):
            assert not database.answers()
        assert time.monotonic() - begun < 50  # fifty times two seconds, were each to wait by itself
    wait_until(database.answers, 30, "the database to answer again")
    database.close()


def test_a_statement_that_takes_too_long_is_ended_by_the_server_and_the_connection_kept(cluster: Postgres) -> None:
    database = Database(cluster.new_database(), pool_size=1, answers_within_s=2)
    with database.reading() as session:
        first = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with pytest.raises(OperationalError, match="statement timeout"), database.reading() as session:
        session.execute(text("SELECT pg_sleep(10)"))
    with database.reading() as session:
        assert session.execute(text("SELECT pg_backend_pid()")).scalar_one() == first
    database.close()


def test_ingest_gives_the_connection_up_and_stores_the_batch_afterwards(cluster: Postgres) -> None:
    database = Database(cluster.new_database(), pool_size=2, answers_within_s=2)
    schema.upgrade(database)
    desk = Desk(database)
    desk.write(sent(status(1)))
    with hanging(cluster), pytest.raises(DatabaseDown):
        desk.ledger.write([sent(status(2))], NOW)
    desk.ledger.close()

    def stored() -> bool:
        try:
            return desk.ledger.write([sent(status(2))], NOW).rejected == 0
        except DatabaseDown:
            return False

    wait_until(stored, 30, "the batch to be stored")
    with database.reading() as session:
        assert session.execute(text("SELECT count(*) FROM reading WHERE seq = 2")).scalar() == 1
    database.close()


def test_a_process_that_is_stopped_inside_a_write_keeps_its_rows_from_nobody_for_long(cluster: Postgres) -> None:
    """Another process that was stopped, say by its machine, between two statements; its connection stays open."""
    url = cluster.new_database()
    database = Database(url, pool_size=2, answers_within_s=2)
    schema.upgrade(database)
    desk = Desk(database)
    desk.write(sent(status(1)))
    writes = (
        "import sys, time; from sqlalchemy import text; from tracker.records.database import Database\n"
        "with Database(sys.argv[1], answers_within_s=2).writing() as session:\n"
        "    session.execute(text(\"UPDATE pump_state SET link = 'late'\")); print('inside', flush=True)\n"
        "    time.sleep(600)"
    )
    words = [sys.executable, "-c", writes, url]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True) as other:
        try:
            assert other.stdout is not None
            assert other.stdout.readline() == "inside\n"
            other.send_signal(signal.SIGSTOP)
            with pytest.raises(DatabaseDown):
                desk.ledger.write([sent(status(2))], NOW)

            def stored() -> bool:
                try:
                    return desk.ledger.write([sent(status(2))], NOW).rejected == 0
                except DatabaseDown:
                    return False

            wait_until(stored, 30, "the rows to be let go")
        finally:
            other.kill()
    desk.ledger.close()
    database.close()


def test_pages_and_readiness_answer_503_with_the_reason_and_recover(cluster: Postgres, tmp_path: Path) -> None:
    url, port = cluster.new_database(), free_port()
    database = Database(url)
    schema.upgrade(database)
    settings = {
        "TRACKER_DATABASE_URL": url,
        "TRACKER_DATA_DIR": str(tmp_path),
        "TRACKER_WEB_PORT": str(port),
        "TRACKER_SECRET_KEY": "a key for tests, of 32 characters",
    }
    process = subprocess.Popen([TRACKER, "web"], env={**os.environ, **settings})
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60)

    def answers() -> bool:
        try:
            return client.get("/health/live").status_code == 200
        except httpx.HTTPError:
            return False

    def signed_out() -> bool:
        return client.get("/pumps", headers=SOMEBODY).status_code == 303

    try:
        wait_until(answers, 60, "the pages")
        wait_until(signed_out, 30, "an answer from the database")
        with hanging(cluster), ThreadPoolExecutor(30) as many:
            asked = [many.submit(client.get, "/pumps", headers=SOMEBODY) for _ in range(60)]
            ready = many.submit(client.get, "/health/ready")
            found = [one.result() for one in asked]
            assert {one.status_code for one in found} == {503}
            assert all("be used now" in one.text for one in found)
            assert max(one.elapsed.total_seconds() for one in found) < 30
            assert ready.result().status_code == 503
            assert "database" in ready.result().json()["down"]
            assert client.get("/health/live").status_code == 200
        wait_until(signed_out, 30, "the pages to answer again")
    finally:
        process.kill()
        process.wait()
        client.close()
        database.close()
