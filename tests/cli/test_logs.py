"""One format for all lines of a process, each with the request that it belongs to; none says what is not for logs."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import anyio
import anyio.to_thread
import httpx
import psycopg
import pytest
import structlog

from tests.build import NOW, PASSWORD, a_clinic, a_person
from tests.servers import end, free_port, wait_until
from tracker.actions.staff.issue_token import issue_token
from tracker.records import schema
from tracker.records.database import Database
from tracker.records.statement_log import SLOW_S
from tracker.web.http.access_log import under_an_id

TRACKER = [sys.executable, "-m", "tracker.cli.main"]

SPEAKERS = """
import logging, sys, threading, warnings
from tracker.cli.log_format import set_up_logging
from tracker.settings import Settings
import structlog
set_up_logging(Settings())
structlog.get_logger().warning("ours", who="tracker")
for name in ("uvicorn.error", "apscheduler.scheduler", "alembic.runtime.migration", "another.library"):
    logging.getLogger(name).warning("spoken by %s", name)
    logging.getLogger(name).debug("in detail by %s", name)
logging.getLogger("sqlalchemy.engine.Engine").info("INSERT … [parameters: a patient]")
warnings.warn("an old call")
thread = threading.Thread(target=lambda: 1 / 0, name="worker")
thread.start(); thread.join()
raise RuntimeError("the end")
"""


def spoken(tmp_path: Path, **settings: str) -> str:
    """What a process writes in which everybody speaks."""
    (tmp_path / "speakers.py").write_text(SPEAKERS)
    given = {"TRACKER_DATA_DIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path), **settings}
    done = subprocess.run(
        [sys.executable, str(tmp_path / "speakers.py")],
        env=os.environ | given,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    return done.stderr


def test_every_library_speaks_as_the_tracker_does(tmp_path: Path) -> None:
    lines = [json.loads(line) for line in spoken(tmp_path, TRACKER_LOG_FORMAT="json").splitlines()]
    assert all({"event", "level", "timestamp"} <= line.keys() for line in lines)
    told = [line["event"] for line in lines]
    for name in ("uvicorn.error", "apscheduler.scheduler", "alembic.runtime.migration", "another.library"):
        assert f"spoken by {name}" in told
        assert f"in detail by {name}" not in told
    assert any("an old call" in event for event in told)
    thread, process = lines[-2:]
    assert (thread["event"], thread["thread"], thread["level"]) == ("a thread ends by a fault", "worker", "critical")
    assert "ZeroDivisionError" in thread["exception"]
    assert process["event"] == "the process ends by a fault"
    assert "RuntimeError: the end" in process["exception"]


def test_the_format_is_text_where_that_is_set(tmp_path: Path) -> None:
    said = spoken(tmp_path, TRACKER_LOG_FORMAT="TEXT")
    assert "spoken by uvicorn.error" in said
    assert '{"' not in said
    assert "\x1b[" not in said  # no colours in a file


@pytest.mark.parametrize(("level", "told"), [("debug", True), ("error", False)])
def test_the_level_is_that_of_the_setting_and_never_shows_values_of_statements(
    tmp_path: Path, level: str, told: bool
) -> None:
    said = spoken(tmp_path, TRACKER_LOG_FORMAT="json", TRACKER_LOG_LEVEL=level)
    assert ("in detail by uvicorn.error" in said) == told
    assert ("spoken by uvicorn.error" in said) == told
    assert "the process ends by a fault" in said
    assert "a patient" not in said


def test_what_a_command_logs_never_mixes_with_its_answer(postgres_url: str, tmp_path: Path) -> None:
    given = {"TRACKER_DATABASE_URL": postgres_url, "TRACKER_DATA_DIR": str(tmp_path)}
    words = [*TRACKER, "pumps", "enrol", "SN-1", "--model", "synchromed-ii-20", "--json"]
    database = Database(postgres_url)
    schema.upgrade(database)
    with database.writing() as session:
        a_clinic(session, name="North")
    database.close()
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as holding:
        holding.execute("LOCK TABLE pump IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(words, env=os.environ | given, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        wait_until(lambda: waiting(postgres_url), 60, "the command to wait for the table")
        time.sleep(SLOW_S + 0.2)
    out, err = process.communicate(timeout=60)
    assert json.loads(out)["serial"] == "SN-1"
    assert "a statement took long" in err.decode()


def waiting(url: str) -> bool:
    with psycopg.connect(url.replace("+psycopg", "")) as asking:
        asked = asking.execute("SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'pump'::regclass").fetchall()
    return bool(asked)


def test_a_level_that_does_not_exist_is_said(tmp_path: Path) -> None:
    assert "TRACKER_LOG_LEVEL" in spoken_of(tmp_path, TRACKER_LOG_LEVEL="loud")


def spoken_of(tmp_path: Path, **settings: str) -> str:
    given = {"TRACKER_DATA_DIR": str(tmp_path), **settings}
    done = subprocess.run([*TRACKER, "config"], env=os.environ | given, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    return done.stderr


class Pages:
    """`tracker web` as a process, with somebody who is signed in, and its log."""

    def __init__(self, folder: Path) -> None:
        self.log = folder / "log"
        database = Database(f"sqlite:///{folder / 'tracker.db'}")
        schema.upgrade(database)
        with database.writing() as session:
            nurse = a_person(session, a_clinic(session, name="North"), role="nurse")
            token = issue_token(session, nurse, name="test", by="test", now=NOW + timedelta(days=1))
        database.close()
        port = free_port()
        given = {
            "TRACKER_DATA_DIR": str(folder),
            "TRACKER_WEB_PORT": str(port),
            "TRACKER_LOG_FORMAT": "json",
            "TRACKER_LOG_LEVEL": "debug",
        }
        with self.log.open("wb") as out:
            self.process = subprocess.Popen([*TRACKER, "web"], env=os.environ | given, stderr=out)
        self.client = httpx.Client(base_url=f"http://127.0.0.1:{port}", headers={"Authorization": f"Bearer {token}"})
        wait_until(self._answers, 60, "the pages")

    def _answers(self) -> bool:
        try:
            return self.client.get("/health/live").status_code == 200
        except httpx.HTTPError:
            return False

    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.log.read_text().splitlines()]


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Pages]:
    running = Pages(tmp_path_factory.mktemp("pages"))
    try:
        yield running
    finally:
        running.client.close()
        end(running.process)


def test_a_request_is_one_line_that_names_neither_pump_nor_search(pages: Pages) -> None:
    answer = pages.client.get("/api/v1/pumps/SN-SECRET-7", params={"q": "of Mrs Miller"})
    assert answer.status_code == 404
    number = answer.headers["X-Request-ID"]

    def accesses() -> list[dict[str, Any]]:
        return [line for line in pages.lines() if (line.get("request_id"), line["event"]) == (number, "request")]

    wait_until(accesses, 20, "the line, which is written once the answer is sent")
    [access] = accesses()
    assert (access["method"], access["route"], access["status"]) == ("GET", "/api/v1/pumps/{serial}", 404)
    assert access["level"] == "info"
    assert access["seconds"] > 0
    whole = pages.log.read_text()
    assert "SN-SECRET-7" not in whole
    assert "Miller" not in whole


def test_the_statements_of_a_request_carry_its_id_and_no_values(pages: Pages) -> None:
    one, other = pages.client.get("/api/v1/pumps"), pages.client.get("/api/v1/worklist")
    assert one.headers["X-Request-ID"] != other.headers["X-Request-ID"]
    for answer, table in ((one, "pump"), (other, "worklist")):
        mine = [line for line in pages.lines() if line.get("request_id") == answer.headers["X-Request-ID"]]
        statements = [line["statement"] for line in mine if line["event"] == "statement"]
        assert any(f"FROM {table}" in one for one in statements), statements
    assert "n@" not in pages.log.read_text()
    assert PASSWORD not in pages.log.read_text()


def test_an_id_that_a_client_makes_up_is_not_taken_over(pages: Pages) -> None:
    answer = pages.client.get("/api/v1/pumps", headers={"X-Request-ID": "of-somebody-else"})
    assert answer.headers["X-Request-ID"] != "of-somebody-else"
    assert "of-somebody-else" not in pages.log.read_text()


def command_lines() -> list[str]:
    """The arguments of every process of this machine, as each of its users can read them."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace"))
        except OSError:  # it ended meanwhile
            continue
    return found


def dumping(folder: Path) -> list[str]:
    return [line for line in command_lines() if "pg_dump" in line and str(folder) in line]


@pytest.mark.parametrize("where", ["before the host", "among the parameters"])
def test_no_password_stands_on_a_command_line_while_a_copy_is_made(
    postgres_url: str, tmp_path: Path, where: str
) -> None:
    database = Database(postgres_url)
    schema.upgrade(database)
    database.close()
    if where == "before the host":
        url = postgres_url.replace("tracker@", "tracker:pw-for-nobody@")
    else:
        url = postgres_url + "?password=pw-for-nobody"
    given = {"TRACKER_DATABASE_URL": url, "TRACKER_DATA_DIR": str(tmp_path)}
    with psycopg.connect(postgres_url.replace("+psycopg", "")) as holding:
        holding.execute("LOCK TABLE pump IN ACCESS EXCLUSIVE MODE")  # pg_dump waits for it
        process = subprocess.Popen([*TRACKER, "db", "backup", str(tmp_path / "copy")], env=os.environ | given)
        try:
            wait_until(lambda: dumping(tmp_path), 60, "pg_dump")
            seen, mine = command_lines(), dumping(tmp_path)
        finally:
            holding.rollback()
            ended = process.wait(60)
    assert ended == 0
    assert all("--dbname=postgresql://tracker@" in line for line in mine)
    assert not [line for line in seen if "pw-for-nobody" in line]


def test_a_thread_that_works_for_a_request_logs_under_its_id() -> None:
    """The pages' work is done in threads: what they log would otherwise belong to nobody."""
    seen: dict[str, object] = {}

    def work() -> None:
        seen.update(structlog.contextvars.get_contextvars(), thread=threading.current_thread().name)

    async def request() -> str:
        with under_an_id() as made:
            await anyio.to_thread.run_sync(work)
        return made

    with ThreadPoolExecutor(1, "loop") as pool:  # a browser's test before this one leaves its loop in the main thread
        made = pool.submit(anyio.run, request).result()
    assert seen["request_id"] == made
    assert "loop" not in str(seen["thread"])
