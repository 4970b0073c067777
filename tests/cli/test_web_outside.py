"""``tracker web`` for others: both families of addresses, and several processes that sign alike."""

from __future__ import annotations

import socket
import subprocess
from pathlib import Path

import httpx
import pytest

from tests.cli.test_web import answers, start
from tests.servers import end, free_port, wait_until
from tracker.records import schema
from tracker.records.database import Database

KEY = "a key that both processes of the pages have"


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A data folder with the schema in it."""
    database = Database(f"sqlite:///{tmp_path / 'tracker.db'}")
    schema.upgrade(database)
    database.close()
    return tmp_path


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
@pytest.mark.parametrize("host", ["::", "::1"])
def test_the_pages_answer_on_ipv6_and_on_every_address_on_both_families(folder: Path, host: str) -> None:
    port = free_port()
    process = start(folder, port, TRACKER_WEB_HOST=host, TRACKER_PROXIES="127.0.0.1")

    def found(address: str) -> bool:
        try:
            return httpx.get(f"http://{address}:{port}/health/live").status_code == 200
        except httpx.HTTPError:
            return False

    try:
        wait_until(lambda: found("[::1]") or process.poll() is not None, 60, "the pages on IPv6")
        assert found("[::1]")
        assert found("127.0.0.1") == (host == "::")
    finally:
        end(process)


def beside(folder: Path, key: str) -> tuple[subprocess.Popen[str], int]:
    """Further pages on the same database, with a data folder of their own as on another machine."""
    port = free_port()
    other = folder / "other"
    other.mkdir(exist_ok=True)
    url = f"sqlite:///{folder / 'tracker.db'}"
    return start(other, port, TRACKER_DATABASE_URL=url, TRACKER_SECRET_KEY=key), port


def test_further_pages_with_another_secret_do_not_start_and_those_with_the_same_do(folder: Path) -> None:
    port = free_port()
    first = start(folder, port, TRACKER_SECRET_KEY=KEY)
    try:
        wait_until(lambda: answers(port), 60, "the first pages")
        other, _ = beside(folder, "")  # as if each made a secret of its own
        _, said = other.communicate(timeout=60)
        assert other.returncode == 1
        assert "sign with another secret" in said
        assert "TRACKER_SECRET_KEY" in said
        same, its_port = beside(folder, KEY)
        try:
            wait_until(lambda: answers(its_port), 60, "the second pages")
        finally:
            end(same)
        assert answers(port)
    finally:
        end(first)


@pytest.mark.parametrize("killed", [False, True])
def test_after_the_last_pages_have_ended_the_secret_may_change_at_once(folder: Path, killed: bool) -> None:
    port = free_port()
    first = start(folder, port, TRACKER_SECRET_KEY=KEY)
    wait_until(lambda: answers(port), 60, "the first pages")
    if killed:
        first.kill()
        first.wait()
    else:
        end(first)
    later, its_port = beside(folder, KEY[::-1])
    try:
        wait_until(lambda: answers(its_port) or later.poll() is not None, 60, "the later pages")
        assert answers(its_port)
    finally:
        end(later)
